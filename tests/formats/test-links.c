/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same twenty packets of a QUIC connection behind every link layer and in every tunnel: all are found and decrypted. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "dissect/qs-dissector.h"
#include "formats/qs-pcapng-private.h"
#include "formats/qs-trace-file.h"
#include "trace/qs-filter.h"
#include "wire/qs-writer.h"

#define N_DATAGRAMS 20
#define PCAP_HEADER 24
#define PACKET_HEADER 16

static char *
data_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "data", name, NULL);
}

/* Every packet of it that has keys is opened; how many there are. */
static guint
check_trace (QsTrace *trace)
{
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);

  qs_dissector_advance (dissector, 0);
  qs_dissector_finish (dissector);
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      g_assert_true (packet->type == QS_PACKET_RETRY || (packet->flags & QS_PACKET_DECRYPTED) != 0);
    }
  return qs_trace_get_n_packets (trace);
}

/* One connection, and every packet of it opened. */
static void
check_file (const char *path, guint n_datagrams)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *keys = data_path ("link.keys");
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, keys, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, ==, 1);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  g_assert_cmpuint (check_trace (trace), >=, n_datagrams);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, n_datagrams);
}

/* A capture on the sending host holds several datagrams as one. */
static const struct {
  const char *name;
  guint n_traces, n_packets; /* of the last one */
} trains[] = {
  { "gso-and-zero-length-cid", 2, 69 }, /* the other one is an attempt over IPv6 that nobody answered */
  { "gso-after-migration-new-cid", 1, 411 },
};

static void
test_trains (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (trains); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *file = g_strconcat (trains[i].name, ".pcap", NULL);
      g_autofree char *keys = g_strconcat (trains[i].name, ".keys", NULL);
      g_autofree char *path = data_path (file), *key_path = data_path (keys);
      g_autoptr (GPtrArray) traces = qs_trace_file_load (path, key_path, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (traces->len, ==, trains[i].n_traces);
      g_assert_cmpuint (check_trace (g_ptr_array_index (traces, traces->len - 1)), ==, trains[i].n_packets);
    }
}

static void
test_file (gconstpointer name)
{
  g_autofree char *path = data_path (name);

  check_file (path, N_DATAGRAMS);
}

/* A key log beside it makes a connection of nothing that was none. */
static void
test_dns (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_path ("dns-and-key-log.pcap");
  g_autofree char *keys = data_path ("link.keys");

  g_assert_null (qs_trace_file_load (path, keys, NULL, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED);
}

/* --- Wrapping: each writes what stands before an IP packet of length bytes --- */

typedef void (*WrapFunc) (GByteArray *out, gsize length);

static void
put_hex (GByteArray *out, const char *hex)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = qs_bytes_from_hex (hex, &error);

  g_assert_no_error (error);
  qs_write_span (out, QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

#define ETHERNET "020000000001020000000002"

/* IPv4 around length bytes more. */
static void
put_ipv4 (GByteArray *out, guint8 protocol, gsize length)
{
  put_hex (out, "4500");
  qs_write_uint (out, 20 + length, 2);
  put_hex (out, "0001000040");
  qs_write_uint (out, protocol, 1);
  put_hex (out, "0000"
                "c0000201"
                "c0000202");
}

static void
put_ipv6 (GByteArray *out, guint8 protocol, gsize length)
{
  put_hex (out, "60000000");
  qs_write_uint (out, length, 2);
  qs_write_uint (out, protocol, 1);
  put_hex (out, "40"
                "20010db8000000000000000000000001"
                "20010db8000000000000000000000002");
}

static void
put_udp (GByteArray *out, guint16 port, gsize length)
{
  put_ipv4 (out, 17, 8 + length);
  put_hex (out, "d431");
  qs_write_uint (out, port, 2);
  qs_write_uint (out, 8 + length, 2);
  put_hex (out, "0000");
}

#define WRAP(name, ...)                                   \
  static void wrap_##name (GByteArray *out, gsize length) \
  {                                                       \
    __VA_ARGS__;                                          \
  }

WRAP (nothing, (void) out)
WRAP (ethernet, put_hex (out, ETHERNET "0800"))
WRAP (vlan_in_vlan, put_hex (out, ETHERNET "88a80064"
                                           "8100000a"
                                           "0800"))
WRAP (snap, put_hex (out, ETHERNET); qs_write_uint (out, 8 + length, 2); put_hex (out, "aaaa03000000"
                                                                                       "0800"))
WRAP (mpls, put_hex (out, ETHERNET "8847"
                                   "00064040"
                                   "00065140"))
WRAP (pseudowire, put_hex (out, ETHERNET "8847"
                                         "00065140"
                                         "00000000" ETHERNET "0800"))
WRAP (pppoe, put_hex (out, ETHERNET "8864"
                                    "11000001");
      qs_write_uint (out, 2 + length, 2); put_hex (out, "0021"))
WRAP (pppoe_link, put_hex (out, "11000001"); qs_write_uint (out, 2 + length, 2); put_hex (out, "0021"))
WRAP (ppp, put_hex (out, "ff030021"))
WRAP (ppp_short, put_hex (out, "21"))
WRAP (cisco, put_hex (out, "0f000800"))
WRAP (null, put_hex (out, "02000000"))
WRAP (cooked, put_hex (out, "0000"
                            "0001"
                            "0006"
                            "0200000000010000"
                            "0800"))
WRAP (cooked2, put_hex (out, "0800"
                             "0000"
                             "00000001"
                             "0001"
                             "00"
                             "06"
                             "0200000000010000"))
WRAP (wifi, put_hex (out, "0801"
                          "0000"
                          "020000000001"
                          "020000000002"
                          "020000000003"
                          "1000"
                          "aaaa03000000"
                          "0800"))
WRAP (wifi_qos, put_hex (out, "8802"
                              "0000"
                              "020000000001"
                              "020000000002"
                              "020000000003"
                              "1000"
                              "0000"
                              "aaaa03000000"
                              "0800"))
WRAP (wifi_bridge, put_hex (out, "0803"
                                 "0000"
                                 "020000000001"
                                 "020000000002"
                                 "020000000003"
                                 "1000"
                                 "020000000004"
                                 "aaaa03000000"
                                 "0800"))
WRAP (radiotap, put_hex (out, "00000900"
                              "02000000"
                              "10");
      wrap_wifi (out, length))
WRAP (radiotap_padded, put_hex (out, "00001100"
                                     "03000000"
                                     "0102030405060708"
                                     "20");
      put_hex (out, "8802"
                    "0000"
                    "020000000001"
                    "020000000002"
                    "020000000003"
                    "1000"
                    "0000"
                    "0000"
                    "aaaa03000000"
                    "0800"))
/* A frame of four addresses without QoS, as bridges send them: 30 bytes, and 2 of padding behind them; with a checksum at its end. */
WRAP (radiotap_bridge, put_hex (out, "00000900"
                                     "02000000"
                                     "30");
      put_hex (out, "0803"
                    "0000"
                    "020000000001"
                    "020000000002"
                    "020000000003"
                    "1000"
                    "020000000004"
                    "0000"
                    "aaaa03000000"
                    "0800"))
WRAP (wifi_qos_bridge, put_hex (out, "8803"
                                     "0000"
                                     "020000000001"
                                     "020000000002"
                                     "020000000003"
                                     "1000"
                                     "020000000004"
                                     "0000"
                                     "aaaa03000000"
                                     "0800"))
/* Two present words, as drivers with several antennas write them. */
WRAP (radiotap_amsdu, put_hex (out, "00001100"
                                    "020000a0"
                                    "20080000"
                                    "10"
                                    "00000000");
      put_hex (out, "8802"
                    "0000"
                    "020000000001"
                    "020000000002"
                    "020000000003"
                    "1000"
                    "8000"
                    "020000000005"
                    "020000000006");
      qs_write_uint (out, 8 + length, 2); put_hex (out, "aaaa03000000"
                                                        "0800"))
WRAP (prism_real, put_hex (out, "44000000"
                                "90000000");
      qs_write_span (out, (QsSpan){ NULL, 136 }); wrap_wifi (out, length))
WRAP (prism_as_avs, put_hex (out, "80211001"
                                  "00000010"
                                  "0000000000000000");
      wrap_wifi (out, length))
WRAP (prism, qs_write_span (out, (QsSpan){ NULL, 144 }); wrap_wifi (out, length))
WRAP (avs, put_hex (out, "80211001"
                         "00000010"
                         "0000000000000000");
      wrap_wifi (out, length))
WRAP (ppi, put_hex (out, "00000800"
                         "01000000");
      wrap_ethernet (out, length))
WRAP (ppi_wifi, put_hex (out, "00000800"
                              "69000000");
      wrap_wifi (out, length))
WRAP (pktap, put_hex (out, "6c000000"
                           "01000000"
                           "01000000");
      qs_write_span (out, (QsSpan){ NULL, 96 }); wrap_ethernet (out, length))
WRAP (nflog, put_hex (out, "02000000"
                           "0800"
                           "0100"
                           "08000000"
                           "0700"
                           "0a00"
                           "61620000");
      guint8 tlv[] = { (guint8) (4 + length), (guint8) ((4 + length) >> 8), 9, 0 };
      qs_write_span (out, QS_SPAN (tlv, 4)))
WRAP (enc, put_hex (out, "0200000000000000"
                         "00000000"))
WRAP (ipip, put_ipv4 (out, 4, length))
WRAP (six_in_four, put_ipv4 (out, 41, 40 + length); put_ipv6 (out, 4, length))
WRAP (ah, put_ipv4 (out, 51, 24 + length); put_hex (out, "0404000000000001"
                                                         "00000001"
                                                         "000102030405060708090a0b"))
WRAP (gre, put_ipv4 (out, 47, 4 + length); put_hex (out, "00000800"))
WRAP (gre_key, put_ipv4 (out, 47, 16 + length); put_hex (out, "b0000800"
                                                              "00000000"
                                                              "00000001"
                                                              "00000002"))
WRAP (gre_bridge, put_ipv4 (out, 47, 18 + length); put_hex (out, "00006558"); wrap_ethernet (out, length))
WRAP (pptp, put_ipv4 (out, 47, 18 + length); put_hex (out, "3081880b"); qs_write_uint (out, 2 + length, 2);
      put_hex (out, "0001"
                    "00000001"
                    "00000002"
                    "0021"))
WRAP (vxlan, put_udp (out, 4789, 22 + length); put_hex (out, "0800000000000100"); wrap_ethernet (out, length))
WRAP (vxlan_gpe, put_udp (out, 4790, 8 + length); put_hex (out, "0c00000100000100"))
WRAP (geneve, put_udp (out, 6081, 30 + length); put_hex (out, "0200655800000100"
                                                              "0001000100000000");
      wrap_ethernet (out, length))
WRAP (geneve_ip, put_udp (out, 6081, 8 + length); put_hex (out, "0000080000000100"))
WRAP (gtp, put_udp (out, 2152, 8 + length); put_hex (out, "30ff"); qs_write_uint (out, length, 2);
      put_hex (out, "00000001"))
WRAP (gtp_extended, put_udp (out, 2152, 16 + length); put_hex (out, "34ff"); qs_write_uint (out, 8 + length, 2);
      put_hex (out, "00000001"
                    "00000085"
                    "01100900"))
WRAP (teredo, put_udp (out, 3544, 48 + length); put_hex (out, "0000f0aa3fff34de"); put_ipv6 (out, 4, length))
WRAP (atomic, put_ipv6 (out, 44, 8 + length); put_hex (out, "0400000000000001"))
WRAP (vlan_pppoe_mpls, put_hex (out, ETHERNET "8100000a"
                                              "8864"
                                              "11000001");
      qs_write_uint (out, 6 + length, 2); put_hex (out, "0281"
                                                        "00065140"))

static const struct {
  const char *name;
  guint link;
  WrapFunc wrap;
} wraps[] = {
  { "raw", QS_LINK_RAW, wrap_nothing },
  { "ethernet", QS_LINK_ETHERNET, wrap_ethernet },
  { "vlan-in-vlan", QS_LINK_ETHERNET, wrap_vlan_in_vlan },
  { "snap", QS_LINK_ETHERNET, wrap_snap },
  { "mpls", QS_LINK_ETHERNET, wrap_mpls },
  { "pseudowire", QS_LINK_ETHERNET, wrap_pseudowire },
  { "pppoe", QS_LINK_ETHERNET, wrap_pppoe },
  { "vlan-pppoe-mpls", QS_LINK_ETHERNET, wrap_vlan_pppoe_mpls },
  { "pppoe-link", QS_LINK_PPP_ETHERNET, wrap_pppoe_link },
  { "ppp", QS_LINK_PPP, wrap_ppp },
  { "ppp-short", QS_LINK_PPP, wrap_ppp_short },
  { "ppp-hdlc", QS_LINK_PPP_HDLC, wrap_ppp },
  { "ppp-hdlc-cisco", QS_LINK_PPP_HDLC, wrap_cisco },
  { "cisco-hdlc", QS_LINK_CISCO_HDLC, wrap_cisco },
  { "null", QS_LINK_NULL, wrap_null },
  { "cooked", QS_LINK_LINUX_COOKED, wrap_cooked },
  { "cooked2", QS_LINK_LINUX_COOKED2, wrap_cooked2 },
  { "wifi", QS_LINK_80211, wrap_wifi },
  { "wifi-qos", QS_LINK_80211, wrap_wifi_qos },
  { "wifi-bridge", QS_LINK_80211, wrap_wifi_bridge },
  { "radiotap", QS_LINK_RADIOTAP, wrap_radiotap },
  { "radiotap-padded", QS_LINK_RADIOTAP, wrap_radiotap_padded },
  { "radiotap-bridge", QS_LINK_RADIOTAP, wrap_radiotap_bridge },
  { "wifi-qos-bridge", QS_LINK_80211, wrap_wifi_qos_bridge },
  { "radiotap-amsdu", QS_LINK_RADIOTAP, wrap_radiotap_amsdu },
  { "prism-real", QS_LINK_PRISM, wrap_prism_real },
  { "prism-as-avs", QS_LINK_PRISM, wrap_prism_as_avs },
  { "prism", QS_LINK_PRISM, wrap_prism },
  { "avs", QS_LINK_AVS, wrap_avs },
  { "ppi", QS_LINK_PPI, wrap_ppi },
  { "ppi-wifi", QS_LINK_PPI, wrap_ppi_wifi },
  { "pktap", QS_LINK_PKTAP, wrap_pktap },
  { "nflog", QS_LINK_NFLOG, wrap_nflog },
  { "enc", QS_LINK_ENC, wrap_enc },
  { "ip-in-ip", QS_LINK_RAW, wrap_ipip },
  { "6-in-4", QS_LINK_RAW, wrap_six_in_four },
  { "ah", QS_LINK_RAW, wrap_ah },
  { "gre", QS_LINK_RAW, wrap_gre },
  { "gre-key", QS_LINK_RAW, wrap_gre_key },
  { "gre-bridge", QS_LINK_RAW, wrap_gre_bridge },
  { "pptp", QS_LINK_RAW, wrap_pptp },
  { "vxlan", QS_LINK_RAW, wrap_vxlan },
  { "vxlan-gpe", QS_LINK_RAW, wrap_vxlan_gpe },
  { "geneve", QS_LINK_RAW, wrap_geneve },
  { "geneve-ip", QS_LINK_RAW, wrap_geneve_ip },
  { "gtp-u", QS_LINK_RAW, wrap_gtp },
  { "gtp-u-extended", QS_LINK_RAW, wrap_gtp_extended },
  { "teredo", QS_LINK_RAW, wrap_teredo },
  { "atomic-fragment", QS_LINK_RAW, wrap_atomic },
};

/* --- Files --- */

typedef enum { PCAP, PCAP_MODIFIED, SNOOP } Kind;

static guint32
get_le32 (const guint8 *at)
{
  return (guint32) at[3] << 24 | (guint32) at[2] << 16 | (guint32) at[1] << 8 | at[0];
}

static void
put_file_header (GByteArray *out, Kind kind, guint link)
{
  if (kind == SNOOP)
    put_hex (out, "736e6f6f70000000"
                  "00000002"
                  "00000004");
  else
    {
      qs_write_uint (out, kind == PCAP_MODIFIED ? 0xa1b2cd34u : 0xa1b2c3d4u, 4);
      put_hex (out, "0002000400000000"
                    "00000000"
                    "00040000");
      qs_write_uint (out, link | (link == QS_LINK_80211 ? 0x44000000u : 0), 4); /* four bytes of FCS, says the file */
    }
}

static void
put_packet (GByteArray *out, Kind kind, const guint8 *record, const GByteArray *packet)
{
  guint padding = kind == SNOOP ? (4 - packet->len % 4) % 4 : 0;

  if (kind == SNOOP)
    {
      qs_write_uint (out, packet->len, 4);
      qs_write_uint (out, packet->len, 4);
      qs_write_uint (out, 24 + packet->len + padding, 4);
      qs_write_uint (out, 0, 4);
    }
  qs_write_uint (out, get_le32 (record), 4);
  qs_write_uint (out, get_le32 (record + 4), 4);
  if (kind != SNOOP)
    {
      qs_write_uint (out, packet->len, 4);
      qs_write_uint (out, packet->len, 4);
    }
  if (kind == PCAP_MODIFIED)
    put_hex (out, "0000000208000000");
  qs_write_span (out, qs_written (packet));
  qs_write_span (out, (QsSpan){ NULL, padding });
}

/* The IP packets of link-ppp.pcap, each behind what wrap writes. cut: bytes of an IPv4 packet's payload in a fragment, 0 for none. */
static void
put_fragments (GByteArray *out, Kind kind, WrapFunc wrap, const guint8 *record, QsSpan ip, guint cut)
{
  guint n_pieces = cut == 0 || ip.length <= 20 + cut ? 1 : (guint) ((ip.length - 20 + cut - 1) / cut);

  for (guint i = n_pieces; i > 0; i--) /* the last comes first */
    {
      g_autoptr (GByteArray) packet = g_byte_array_new ();
      gsize at = 20 + (gsize) (i - 1) * cut, length = n_pieces == 1 ? ip.length - 20 : MIN (cut, ip.length - at);
      wrap (packet, 20 + length);
      guint header = packet->len;
      qs_write_span (packet, QS_SPAN (ip.data, 20));
      qs_write_span (packet, QS_SPAN (ip.data + (n_pieces == 1 ? 20 : at), length));
      if (n_pieces > 1)
        {
          guint offset = (guint) (at - 20) / 8;
          packet->data[header + 2] = (guint8) ((20 + length) >> 8);
          packet->data[header + 3] = (guint8) (20 + length);
          packet->data[header + 4] = record[4]; /* the packets' own numbers are all 0 */
          packet->data[header + 5] = record[5];
          packet->data[header + 6] = (guint8) ((i < n_pieces ? 0x20 : 0) | offset >> 8);
          packet->data[header + 7] = (guint8) offset;
        }
      put_packet (out, kind, record, packet);
    }
}

static GByteArray *
make_wrapped (Kind kind, guint link, WrapFunc wrap, guint cut)
{
  g_autofree char *from = data_path ("link-ppp.pcap");
  g_autofree char *bytes = NULL;
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (from, &bytes, &length, &error));
  put_file_header (out, kind, link);
  for (gsize at = PCAP_HEADER; at + PACKET_HEADER <= length;)
    {
      const guint8 *record = (const guint8 *) bytes + at;
      gsize kept = get_le32 (record + 8);
      const guint8 *packet = record + PACKET_HEADER;
      gsize skip = packet[0] == 0xff ? 4 : 2;
      put_fragments (out, kind, wrap, record, QS_SPAN (packet + skip, kept - skip), cut);
      at += PACKET_HEADER + kept;
    }
  return out;
}

static void
check_wrapped (Kind kind, guint link, WrapFunc wrap, guint cut)
{
  g_autoptr (GByteArray) out = make_wrapped (kind, link, wrap, cut);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("qs-links-XXXXXX", &path, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, (const char *) out->data, out->len, &error));
  check_file (path, N_DATAGRAMS);
  g_unlink (path);
}

static void
test_wrapped (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);

  check_wrapped (PCAP, wraps[i].link, wraps[i].wrap, 0);
}

static void
test_kinds (void)
{
  check_wrapped (PCAP_MODIFIED, QS_LINK_ETHERNET, wrap_ethernet, 0);
  check_wrapped (SNOOP, QS_LINK_ETHERNET, wrap_ethernet, 0);
}

/* Fragments in any order, in a tunnel as well. */
static void
test_fragments (void)
{
  check_wrapped (PCAP, QS_LINK_RAW, wrap_nothing, 512);
  check_wrapped (PCAP, QS_LINK_RAW, wrap_gre, 1000);
}

/* Versions that are not the standard's are found and named, whatever their packets look like otherwise. */
static const struct {
  const char *hex; /* a client's first packet begins so */
  guint32 version;
} strangers[] = {
  { "0d"
    "0102030405060708"
    "51303433"
    "01",
    0x51303433 }, /* Google Q043: a public header */
  { "c3"
    "51303436"
    "50"
    "0102030405060708"
    "00000001",
    0x51303436 }, /* Q046: a long header of a draft before the 22nd */
  { "c3"
    "51303530"
    "08"
    "0102030405060708"
    "00"
    "0044",
    0x51303530 }, /* Q050 */
  { "c3"
    "ff000015"
    "08"
    "0102030405060708"
    "00"
    "0044",
    0xff000015 }, /* draft-21 */
  { "c3"
    "6f7dc0fd"
    "08"
    "0102030405060708"
    "00"
    "0044",
    0x6f7dc0fd }, /* SCONE */
};

static void
check_stranger (const char *hex, guint32 version)
{
  static const guint8 record[8] = { 0 };
  g_autoptr (GByteArray) out = g_byte_array_new (), packet = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  put_file_header (out, PCAP, QS_LINK_RAW);
  put_udp (packet, 443, 1350);
  put_hex (packet, hex);
  qs_write_span (packet, (QsSpan){ NULL, 20 + 8 + 1350 - packet->len });
  put_packet (out, PCAP, record, packet);
  int fd = g_file_open_tmp ("qs-links-XXXXXX", &path, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, (const char *) out->data, out->len, &error));
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, NULL, NULL, &error);
  g_unlink (path);
  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, ==, 1);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  qs_dissector_advance (dissector, 0);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 1);
  g_assert_cmpint (qs_trace_get_packet (trace, 0)->type, ==, QS_PACKET_UNKNOWN);
  g_assert_cmphex (qs_trace_get_packet (trace, 0)->version, ==, version);
}

static void
test_strangers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
    check_stranger (strangers[i].hex, strangers[i].version);
}

/* TLS over TCP whose start was not recorded: application data is a connection all the same. */
static void
test_began_before (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_path ("tls13-began-before-capture.pcap");
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, ==, 1);
  g_autoptr (QsDissector) dissector = qs_dissector_new (traces->pdata[0]);
  qs_dissector_advance (dissector, 0);
  g_assert_cmpuint (qs_trace_get_n_packets (traces->pdata[0]), ==, 6);
}

/* A file that another program makes shorter while it is open: what was in it is opened, what is gone counts as not kept, and nothing
 * of it as damaged on its way. */
static void
test_shorter (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *original = data_path ("gso-after-migration-new-cid.pcap");
  g_autofree char *keys = data_path ("gso-after-migration-new-cid.keys");
  g_autofree char *bytes = NULL, *path = NULL;
  gsize length;
  guint n_gone = 0, n_opened = 0;

  g_assert_true (g_file_get_contents (original, &bytes, &length, NULL));
  int fd = g_file_open_tmp ("qs-test-XXXXXX.pcap", &path, NULL);
  g_assert_cmpint (write (fd, bytes, length), ==, (gssize) length);
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, keys, NULL, &error);
  g_assert_no_error (error);
  QsTrace *trace = traces->pdata[0];
  g_assert_cmpint (qs_trace_get_n_truncated (trace), ==, 0);
  g_assert_false (qs_trace_is_cut_short (trace));
  g_assert_cmpint (ftruncate (fd, (off_t) length / 2), ==, 0);
  g_assert_true (qs_trace_is_cut_short (trace));

  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  qs_dissector_advance (dissector, 0);
  qs_dissector_finish (dissector);
  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      QsRecord record;
      qs_trace_get_record (trace, i, &record);
      n_gone += record.kind == QS_RECORD_DATAGRAM && record.bytes.length < record.length;
    }
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      g_assert_cmpuint (packet->flags & QS_PACKET_CORRUPT, ==, 0);
      n_opened += (packet->flags & QS_PACKET_DECRYPTED) != 0;
    }
  g_assert_cmpuint (n_gone, >, 0);
  g_assert_cmpuint (n_opened, >, 100);
  close (fd);
  g_unlink (path);
}

/* Of what is not packed nothing is copied, however much it is; the filter for a stream asks what the dissector noted. */
static void
test_mapped (void)
{
  g_autofree char *path = data_path ("gso-after-migration-new-cid.pcap");
  g_autofree char *keys = data_path ("gso-after-migration-new-cid.keys");
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, keys, NULL, NULL);
  QsTrace *trace = traces->pdata[0];
  QsRecord first, record;
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      qs_trace_get_record (trace, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM)
        continue;
      if (n++ == 0)
        first = record;
      /* In the file they stand one behind the other, headers between them. */
      g_assert_cmpuint ((gsize) (record.bytes.data - first.bytes.data), >=, n - 1);
    }
  check_trace (trace);
  for (guint stream = 0; stream < 16; stream++)
    {
      g_autofree char *text = g_strdup_printf ("stream:%u", stream);
      g_autoptr (QsFilter) filter = qs_filter_new (text, NULL, NULL);
      g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (guint32));
      guint from = 0, at = 0;
      g_assert_true (qs_filter_run (filter, trace, &from, 0, found));
      for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
        {
          gboolean listed = at < found->len && g_array_index (found, guint32, at) == i;
          g_assert_cmpint (qs_filter_matches (filter, trace, i), ==, listed);
          at += listed;
        }
      g_assert_cmpuint (at, ==, found->len);
      if (stream == 0)
        g_assert_cmpuint (at, >, 0);
    }
}

/* For a judge: --write FOLDER makes a file of each wrapping, whose name is its own. */
static int
write_all (const char *folder)
{
  for (guint i = 0; i < G_N_ELEMENTS (wraps); i++)
    {
      g_autoptr (GByteArray) out = make_wrapped (PCAP, wraps[i].link, wraps[i].wrap, 0);
      g_autofree char *path = g_strdup_printf ("%s/%s.pcap", folder, wraps[i].name);
      if (!g_file_set_contents (path, (const char *) out->data, out->len, NULL))
        return 1;
    }
  return 0;
}

int
main (int argc, char *argv[])
{
  static const char *const files[] = { "link-ppp.pcap", "link-radiotap.pcap", "pppoe.pcap", "vxlan.pcap",
                                       "ipv4-fragments.pcap" };

  g_test_init (&argc, &argv, NULL);
  if (argc == 3 && g_str_equal (argv[1], "--write"))
    return write_all (argv[2]);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_strconcat ("/links/file/", files[i], NULL);
      g_test_add_data_func (name, files[i], test_file);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wraps); i++)
    {
      g_autofree char *name = g_strconcat ("/links/wrapped/", wraps[i].name, NULL);
      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_wrapped);
    }
  g_test_add_func ("/links/kinds", test_kinds);
  g_test_add_func ("/links/fragments", test_fragments);
  g_test_add_func ("/links/trains", test_trains);
  g_test_add_func ("/links/strangers", test_strangers);
  g_test_add_func ("/links/began-before", test_began_before);
  g_test_add_func ("/links/dns", test_dns);
  g_test_add_func ("/links/shorter", test_shorter);
  g_test_add_func ("/links/mapped", test_mapped);
  return g_test_run ();
}
