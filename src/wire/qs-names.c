/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-names.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-name-table.h"

/* IANA's "TLS Alerts" registry; RFC 9846 section 6 says what they mean. */
static const QsName alerts[] = {
  { 0, "close_notify", N_ ("The sender will send nothing more on this connection: an orderly end.") },
  { 10, "unexpected_message", N_ ("A message came that does not belong at this point of the handshake.") },
  { 20, "bad_record_mac", N_ ("A record could not be authenticated: it was changed on its way, or the keys differ.") },
  { 21, "decryption_failed", N_ ("A record could not be decrypted (an old alert that TLS 1.3 no longer has).") },
  { 22, "record_overflow", N_ ("A record is longer than TLS allows.") },
  { 30, "decompression_failure", N_ ("Compressed data could not be restored (an old alert).") },
  { 40, "handshake_failure",
    N_ ("The two sides have no acceptable set of parameters in common: cipher suite, group or signature.") },
  { 41, "no_certificate", N_ ("The client has no suitable certificate (SSL 3.0's alert).") },
  { 42, "bad_certificate", N_ ("The certificate is corrupt, or is not acceptable for what it was used for.") },
  { 43, "unsupported_certificate", N_ ("The certificate is of a type that the receiver cannot handle.") },
  { 44, "certificate_revoked", N_ ("The certificate was withdrawn by its issuer.") },
  { 45, "certificate_expired", N_ ("The certificate has expired or is not valid at present.") },
  { 46, "certificate_unknown", N_ ("The certificate was refused for a reason that is not stated.") },
  { 47, "illegal_parameter", N_ ("A field of the handshake is out of range or contradicts others.") },
  { 48, "unknown_ca", N_ ("The chain does not lead to a certificate authority that the receiver trusts.") },
  { 49, "access_denied", N_ ("The certificate is valid, and its holder may still not enter.") },
  { 50, "decode_error", N_ ("A message could not be decoded: a length or a field is wrong.") },
  { 51, "decrypt_error", N_ ("A signature, a Finished message or a PSK binder could not be verified.") },
  { 52, "too_many_cids_requested", N_ ("The peer asked for more connection IDs than the sender gives (DTLS).") },
  { 60, "export_restriction", N_ ("The negotiation violates export rules (an old alert).") },
  { 70, "protocol_version", N_ ("The protocol version that was offered is known and not accepted.") },
  { 71, "insufficient_security", N_ ("The server demands stronger parameters than the client offers.") },
  { 80, "internal_error", N_ ("The sender failed for a reason of its own, which has nothing to do with the peer.") },
  { 86, "inappropriate_fallback",
    N_ ("The client fell back to an older version although the server has a newer one.") },
  { 90, "user_canceled", N_ ("The user or the application broke off the handshake.") },
  { 100, "no_renegotiation", N_ ("The sender does not renegotiate (TLS 1.2).") },
  { 109, "missing_extension", N_ ("An extension that must be there is not: in QUIC often the transport parameters.") },
  { 110, "unsupported_extension", N_ ("An answer holds an extension that was not offered.") },
  { 111, "certificate_unobtainable", N_ ("A certificate could not be fetched from the address that was given.") },
  { 112, "unrecognized_name", N_ ("The server has no site of the name that the client asked for (SNI).") },
  { 113, "bad_certificate_status_response", N_ ("The stapled OCSP response is invalid or not acceptable.") },
  { 114, "bad_certificate_hash_value", N_ ("A certificate does not match the hash that was given with its address.") },
  { 115, "unknown_psk_identity", N_ ("The server knows none of the pre-shared keys that the client offers.") },
  { 116, "certificate_required", N_ ("The server demands a certificate of the client, and got none.") },
  { 117, "general_error", N_ ("An error that no other alert describes.") },
  { 120, "no_application_protocol",
    N_ ("The server speaks none of the application protocols that were offered (ALPN).") },
  { 121, "ech_required",
    N_ ("The client offered an encrypted ClientHello, the server did not accept it, and the client does not go on "
        "without.") },
};

/* IANA's "QUIC Transport Error Codes" registry: RFC 9000 section 20.1, RFC 9368. */
static const QsName transport_errors[] = {
  { 0x00, "NO_ERROR", N_ ("The connection was closed without any error.") },
  { 0x01, "INTERNAL_ERROR", N_ ("The sender failed for a reason of its own and cannot go on.") },
  { 0x02, "CONNECTION_REFUSED", N_ ("The server does not accept a new connection.") },
  { 0x03, "FLOW_CONTROL_ERROR", N_ ("More data was sent than flow control allowed.") },
  { 0x04, "STREAM_LIMIT_ERROR", N_ ("A stream was opened beyond the limit that was granted.") },
  { 0x05, "STREAM_STATE_ERROR", N_ ("A frame came for a stream whose state does not permit it.") },
  { 0x06, "FINAL_SIZE_ERROR", N_ ("The final size of a stream was changed or passed.") },
  { 0x07, "FRAME_ENCODING_ERROR", N_ ("A frame is malformed.") },
  { 0x08, "TRANSPORT_PARAMETER_ERROR", N_ ("The transport parameters are malformed, contradictory or forbidden.") },
  { 0x09, "CONNECTION_ID_LIMIT_ERROR", N_ ("The peer gave more connection IDs than it was allowed to.") },
  { 0x0a, "PROTOCOL_VIOLATION", N_ ("The peer broke a rule of the protocol that has no error code of its own.") },
  { 0x0b, "INVALID_TOKEN", N_ ("The token in a client's Initial packet is not valid.") },
  { 0x0c, "APPLICATION_ERROR",
    N_ ("The application closed the connection during the handshake, when its own code may not be told yet.") },
  { 0x0d, "CRYPTO_BUFFER_EXCEEDED", N_ ("More handshake data came than can be buffered.") },
  { 0x0e, "KEY_UPDATE_ERROR", N_ ("A key update was made wrongly.") },
  { 0x0f, "AEAD_LIMIT_REACHED", N_ ("The keys were used for as many packets as is safe.") },
  { 0x10, "NO_VIABLE_PATH", N_ ("The network path cannot carry QUIC: it may not let large enough datagrams pass.") },
  { 0x11, "VERSION_NEGOTIATION_ERROR",
    N_ ("The version that was negotiated is not the right one: possibly a downgrade attack.") },
  { 0x3e, "APPLICATION_ABANDON_PATH", N_ ("The application gave up this network path.") },
  { 0x3e75, "PATH_RESOURCE_LIMIT_REACHED", N_ ("The sender has not the means to keep another network path.") },
  { 0x3e76, "PATH_UNSTABLE_OR_POOR", N_ ("The network path lost too much, or changed too often, to be of use.") },
  { 0x3e77, "NO_CID_AVAILABLE_FOR_PATH", N_ ("There is no connection ID left for this network path.") },
};

/* IANA's "HTTP/3 Error Codes" registry: RFC 9114 section 8.1, RFC 9204 section 6, RFC 9297, RFC 9220. */
static const QsName http3_errors[] = {
  { 0x33, "H3_DATAGRAM_ERROR", N_ ("An HTTP datagram or capsule is malformed.") },
  { 0x100, "H3_NO_ERROR", N_ ("The connection or stream ends without any error.") },
  { 0x101, "H3_GENERAL_PROTOCOL_ERROR", N_ ("The peer broke a rule of HTTP/3 that has no error code of its own.") },
  { 0x102, "H3_INTERNAL_ERROR", N_ ("The sender's HTTP stack failed for a reason of its own.") },
  { 0x103, "H3_STREAM_CREATION_ERROR", N_ ("The peer opened a stream that is not accepted.") },
  { 0x104, "H3_CLOSED_CRITICAL_STREAM", N_ ("A stream that the connection needs (control or QPACK) was closed.") },
  { 0x105, "H3_FRAME_UNEXPECTED", N_ ("A frame came where it is not permitted.") },
  { 0x106, "H3_FRAME_ERROR", N_ ("A frame is malformed.") },
  { 0x107, "H3_EXCESSIVE_LOAD", N_ ("The peer causes more load than is acceptable.") },
  { 0x108, "H3_ID_ERROR", N_ ("A stream ID or push ID was used wrongly.") },
  { 0x109, "H3_SETTINGS_ERROR", N_ ("The SETTINGS frame holds an error.") },
  { 0x10a, "H3_MISSING_SETTINGS", N_ ("The control stream does not begin with a SETTINGS frame.") },
  { 0x10b, "H3_REQUEST_REJECTED", N_ ("The server did not process the request: it may be sent again.") },
  { 0x10c, "H3_REQUEST_CANCELLED", N_ ("The request or its response is not wanted any more.") },
  { 0x10d, "H3_REQUEST_INCOMPLETE", N_ ("The client's stream ended before its request was complete.") },
  { 0x10e, "H3_MESSAGE_ERROR", N_ ("An HTTP message is malformed and cannot be processed.") },
  { 0x10f, "H3_CONNECT_ERROR", N_ ("The TCP connection that CONNECT asked for was reset or broke.") },
  { 0x110, "H3_VERSION_FALLBACK", N_ ("The request must be made over HTTP/1.1.") },
  { 0x200, "QPACK_DECOMPRESSION_FAILED", N_ ("Header fields could not be decoded.") },
  { 0x201, "QPACK_ENCODER_STREAM_ERROR", N_ ("The peer's QPACK encoder stream holds an error.") },
  { 0x202, "QPACK_DECODER_STREAM_ERROR", N_ ("The peer's QPACK decoder stream holds an error.") },
  { 0x045d4487, "WT_FLOW_CONTROL_ERROR", N_ ("A WebTransport session sent more than its limits allow.") },
  { 0x0817b3dd, "WT_ALPN_ERROR", N_ ("No protocol could be agreed on within the WebTransport session.") },
  { 0x170d7b68, "WT_SESSION_GONE", N_ ("The WebTransport session that the stream belongs to is over.") },
  { 0x212c0d48, "WT_REQUIREMENTS_NOT_MET",
    N_ ("The peer lacks a setting or transport parameter that WebTransport needs.") },
  { 0x3994bd84, "WT_BUFFERED_STREAM_REJECTED", N_ ("Too many streams came before their WebTransport session.") },
};

static gboolean
is_crypto_error (guint64 code)
{
  return code >= 0x100 && code <= 0x1ff;
}

static gboolean
is_http3_greased (guint64 code)
{
  return code >= 0x21 && (code - 0x21) % 0x1f == 0;
}

const char *
qs_tls_alert_name (guint8 alert)
{
  return QS_NAME_LOOKUP (alerts, alert);
}

const char *
qs_tls_alert_meaning (guint8 alert)
{
  return QS_NAME_LOOKUP_MEANING (alerts, alert);
}

const char *
qs_quic_transport_error_name (guint64 code)
{
  return is_crypto_error (code) ? "CRYPTO_ERROR" : QS_NAME_LOOKUP (transport_errors, code);
}

const char *
qs_quic_transport_error_meaning (guint64 code)
{
  if (!is_crypto_error (code))
    return QS_NAME_LOOKUP_MEANING (transport_errors, code);

  const char *meaning = qs_tls_alert_meaning ((guint8) code);
  return meaning != NULL ? meaning : _ ("The TLS handshake failed.");
}

const char *
qs_http3_error_name (guint64 code)
{
  return QS_NAME_LOOKUP (http3_errors, code);
}

const char *
qs_http3_error_meaning (guint64 code)
{
  const char *meaning = QS_NAME_LOOKUP_MEANING (http3_errors, code);

  if (meaning == NULL && is_http3_greased (code))
    return _ ("A code that is reserved to keep peers tolerant of new ones: it counts as H3_NO_ERROR.");
  return meaning;
}

static gboolean
is_http3 (const char *alpn)
{
  return alpn != NULL && (g_str_equal (alpn, "h3") || g_str_has_prefix (alpn, "h3-"));
}

char *
qs_close_code_describe (gboolean application, guint64 code, const char *alpn)
{
  const char *name = NULL;

  if (!application && is_crypto_error (code))
    {
      const char *alert = qs_tls_alert_name ((guint8) code);
      return alert != NULL ? g_strdup_printf ("CRYPTO_ERROR 0x%" PRIx64 " (%s)", code, alert)
                           : g_strdup_printf ("CRYPTO_ERROR 0x%" PRIx64, code);
    }
  if (!application)
    name = qs_quic_transport_error_name (code);
  else if (is_http3 (alpn))
    name = qs_http3_error_name (code);
  return name != NULL ? g_strdup_printf ("%s (0x%" PRIx64 ")", name, code) : g_strdup_printf ("0x%" PRIx64, code);
}
