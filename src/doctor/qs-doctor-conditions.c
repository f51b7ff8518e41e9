/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-conditions.h"

#include "base/qs-i18n.h"

const QsCondition qs_conditions[] = {
  { "https-origin",
    N_ ("The URL is https://"),
    N_ ("The URL is http://: there is no HTTP/3 without TLS."),
    "RFC 9114 section 3.1",
    qs_doctor_judge_scheme,
    QS_PARTY_SERVER,
    0,
    { N_ ("Redirect http:// to https:// and send Strict-Transport-Security there, or publish an HTTPS record, which "
          "leads to https:// at once."),
      N_ ("Ask for https://.") } },
  { "no-proxy",
    N_ ("No proxy stands between"),
    N_ ("A proxy is set: through it goes TCP alone."),
    "RFC 9110 section 9.3.6",
    qs_doctor_judge_proxy,
    QS_PARTY_CLIENT,
    0,
    { N_ ("Make an exception for this host in the settings of the proxy, or in no_proxy.") } },
  { "web-answer",
    N_ ("It answers over TCP"),
    N_ ("Nothing was answered over TCP, where HTTP/3 would have been advertised."),
    "RFC 7838 section 3",
    qs_doctor_judge_web_answer,
    QS_PARTY_UNKNOWN,
    0,
    { N_ ("See first to the site over TCP: quicprobe tls://HOST:PORT/ says what is wrong.") } },
  { "web-certificate",
    N_ ("The certificate over TCP is good, so that Alt-Svc counts"),
    N_ ("The certificate over TCP is not good: what its answer advertises does not count."),
    "RFC 7838 section 2.1",
    qs_doctor_judge_way,
    QS_PARTY_SERVER,
    0,
    { N_ ("Mend the certificate of the server over TCP.") } },
  { "advertised",
    N_ ("HTTP/3 is advertised, by Alt-Svc or an HTTPS record"),
    N_ ("Nothing advertises HTTP/3: there is no Alt-Svc for it in the answer, and no HTTPS record was found."),
    "RFC 9114 section 3.1.1",
    qs_doctor_judge_advertised,
    QS_PARTY_SERVER,
    0,
    { N_ ("Send Alt-Svc: h3=\":443\"; ma=86400 with the answers over HTTP/1.1 and HTTP/2 (nginx: add_header, HAProxy: "
          "http-response set-header, Caddy does it by itself)."),
      N_ ("Publish an HTTPS record: HOST. IN HTTPS 1 . alpn=\"h3,h2\".") } },
  { "alt-svc-clear",
    N_ ("Alt-Svc does not take it back"),
    N_ ("“Alt-Svc: clear” takes back what was advertised."),
    "RFC 7838 section 3",
    qs_doctor_judge_clear,
    QS_PARTY_SERVER,
    0,
    { N_ ("Send Alt-Svc: h3=\":443\"; ma=86400 in its place.") } },
  { "alt-svc-version",
    N_ ("Alt-Svc names h3, the final version"),
    N_ ("Alt-Svc does not name h3: no browser knows what it names any more, if it ever did."),
    "RFC 9114 section 3.1.1",
    qs_doctor_judge_way,
    QS_PARTY_SERVER,
    0,
    { N_ ("Advertise h3 itself, as h3=\":443\"; the server has to offer it by ALPN as well.") } },
  { "alt-svc-age",
    N_ ("Alt-Svc holds for a while (ma)"),
    N_ ("Alt-Svc is out of date at once: its ma is 0."),
    "RFC 7838 section 3.1",
    qs_doctor_judge_way,
    QS_PARTY_SERVER,
    0,
    { N_ ("Set ma to a day (86400) or more.") } },
  { "alt-svc-port",
    N_ ("Alt-Svc's port is one that the browser takes"),
    N_ ("Alt-Svc leads from a port below 1024 to one from there on: that is not taken."),
    "RFC 7838 section 9.1",
    qs_doctor_judge_way,
    QS_PARTY_SERVER,
    0,
    { N_ ("Serve HTTP/3 on UDP port 443, or another one below 1024.") } },
  { "https-record-h3",
    N_ ("The HTTPS record's alpn has h3"),
    N_ ("The HTTPS record does not have h3 in its alpn."),
    "RFC 9460 section 7.1",
    qs_doctor_judge_way,
    QS_PARTY_SERVER,
    0,
    { N_ ("Publish alpn=\"h3,h2\" in the record.") } },
  { "https-record-use",
    N_ ("The HTTPS record is one that the browser uses"),
    N_ ("The HTTPS record is an alias, or leads to another name or port: the browser does not follow it."),
    "RFC 9460 section 9",
    qs_doctor_judge_way,
    QS_PARTY_SERVER,
    0,
    { N_ ("Publish a record for the name itself, in service mode and without a port: HOST. IN HTTPS 1 . "
          "alpn=\"h3,h2\"."),
      N_ ("Send Alt-Svc besides.") } },
  { "https-record-hints",
    N_ ("The HTTPS record's address hints are the name's addresses"),
    N_ ("The HTTPS record hints at an address that the name does not have."),
    "RFC 9460 section 7.3",
    qs_doctor_judge_hints,
    QS_PARTY_SERVER,
    0,
    { N_ ("Make ipv4hint and ipv6hint those of the A and AAAA records, or leave them out.") } },
  { "address",
    N_ ("The name that is advertised has addresses"),
    N_ ("What is advertised has no address."),
    "RFC 7838 section 2.4",
    qs_doctor_judge_address,
    QS_PARTY_SERVER,
    0,
    { N_ ("Advertise a name that the DNS knows, or none: h3=\":443\" means the host itself.") } },
  { "families",
    N_ ("IPv6 and IPv4 answer alike"),
    N_ ("The name's first address does not answer over QUIC, another one does."),
    "RFC 8305 section 4",
    qs_doctor_judge_families,
    QS_PARTY_UNKNOWN,
    0,
    { N_ ("Let UDP through for both families, or take the address that is dead over UDP out of the DNS.") } },
  { "udp",
    N_ ("UDP comes through, both ways"),
    N_ ("Nothing comes back over UDP."),
    "RFC 9308 section 2",
    qs_doctor_judge_rung,
    QS_PARTY_UNKNOWN,
    QS_RUNG_UDP,
    { N_ ("Let UDP through to that port: in the firewall, in the cloud's rules, at the balancer, and let the server "
          "listen there.") } },
  { "quic",
    N_ ("What answers speaks QUIC version 1"),
    N_ ("What answers does not speak QUIC version 1."),
    "RFC 9000 section 6",
    qs_doctor_judge_rung,
    QS_PARTY_SERVER,
    QS_RUNG_QUIC,
    { N_ ("Serve QUIC version 1 (0x00000001) on that port.") } },
  { "large-datagrams",
    N_ ("Datagrams of 1200 bytes come through"),
    N_ ("Small datagrams come through, large ones do not: QUIC needs 1200 bytes."),
    "RFC 9000 section 14",
    qs_doctor_judge_rung,
    QS_PARTY_PATH,
    QS_RUNG_LARGE,
    { N_ ("Look for a tunnel or firewall with a small MTU, or one that drops fragments.") } },
  { "alpn",
    N_ ("QUIC offers h3 by ALPN"),
    N_ ("QUIC answers, and does not speak h3."),
    "RFC 9114 section 3.1",
    qs_doctor_judge_rung,
    QS_PARTY_SERVER,
    QS_RUNG_ALPN,
    { N_ ("Switch HTTP/3 on in the server: its QUIC has to accept the protocol h3.") } },
  { "handshake",
    N_ ("The QUIC handshake comes through"),
    N_ ("The QUIC handshake does not come through."),
    "RFC 9001 section 4",
    qs_doctor_judge_rung,
    QS_PARTY_UNKNOWN,
    QS_RUNG_HANDSHAKE,
    { NULL } },
  { "certificate",
    N_ ("The certificate over QUIC is good"),
    N_ ("The certificate over QUIC is not good."),
    "RFC 9114 section 3.1",
    qs_doctor_judge_certificate,
    QS_PARTY_SERVER,
    0,
    { N_ ("Give the QUIC server the certificate that the site has over TCP, and have it load the renewed one.") } },
  { "public-root",
    N_ ("Its CA is one that is taken for QUIC"),
    N_ ("The certificate's CA is not one that is taken for QUIC."),
    "RFC 9114 section 3.1",
    qs_doctor_judge_root,
    QS_PARTY_SERVER,
    0,
    { N_ ("Use a certificate of a public CA."),
      N_ ("For a test, Chromium takes it with --origin-to-force-quic-on=HOST:PORT and "
          "--ignore-certificate-errors-spki-list=HASH; Firefox with "
          "network.http.http3.disable_when_third_party_roots_found=false.") } },
  { "http3-answer",
    N_ ("HTTP/3 answers"),
    N_ ("The connection stands, and HTTP/3 does not answer on it."),
    "RFC 9114 section 4.1",
    qs_doctor_judge_rung,
    QS_PARTY_SERVER,
    QS_RUNG_HTTP3,
    { NULL } },
  { "misdirected",
    N_ ("The answer over HTTP/3 is not 421"),
    N_ ("Over HTTP/3 the answer is 421 Misdirected Request: a browser asks again over HTTP/2."),
    "RFC 7838 section 6",
    qs_doctor_judge_misdirected,
    QS_PARTY_SERVER,
    0,
    { N_ ("Let the server that answers over QUIC know this site's name.") } },
  { "same-answer",
    N_ ("HTTP/3 and TCP answer alike"),
    N_ ("Over HTTP/3 the status is another one than over TCP."),
    "RFC 7838 section 2",
    qs_doctor_judge_same_answer,
    QS_PARTY_SERVER,
    0,
    { N_ ("Let both lead to the same site.") } },
};

guint
qs_conditions_n (void)
{
  return G_N_ELEMENTS (qs_conditions);
}

gint
qs_condition_find (const char *id)
{
  g_return_val_if_fail (id != NULL, -1);

  for (guint i = 0; i < G_N_ELEMENTS (qs_conditions); i++)
    if (g_str_equal (qs_conditions[i].id, id))
      return (gint) i;
  return -1;
}

const char *
qs_ruling_kind_name (QsRulingKind kind)
{
  static const char *const names[] = { "skipped", "ok", "warning", "unknown", "failed" };

  g_return_val_if_fail (kind < G_N_ELEMENTS (names), NULL);
  return names[kind];
}

void
qs_condition_judge (const QsCondition *condition, const QsDoctorFacts *facts, const QsBrowser *browser,
                    QsRuling *ruling)
{
  g_return_if_fail (condition != NULL && facts != NULL && browser != NULL && ruling != NULL);

  *ruling = (QsRuling){ .certainty = QS_CERTAINTY_PROVED,
                        .evidence = g_ptr_array_new_with_free_func (qs_doctor_evidence_free),
                        .tries = g_ptr_array_new_with_free_func (g_free) };
  ruling->kind = condition->judge (condition, facts, browser, ruling);
  if (browser->closed)
    ruling->certainty = MIN (ruling->certainty, QS_CERTAINTY_LIKELY);
  gboolean general = ruling->tries->len == 0;
  for (guint i = 0; general && i < QS_MOST_CONDITION_TRIES && condition->tries[i] != NULL; i++)
    g_ptr_array_add (ruling->tries, g_strdup (_ (condition->tries[i])));
}

void
qs_ruling_clear (QsRuling *ruling)
{
  g_return_if_fail (ruling != NULL);

  g_clear_pointer (&ruling->detail, g_free);
  g_clear_pointer (&ruling->evidence, g_ptr_array_unref);
  g_clear_pointer (&ruling->tries, g_ptr_array_unref);
}
