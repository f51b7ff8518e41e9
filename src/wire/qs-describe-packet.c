/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-describe.h"
#include "wire/qs-names.h"
#include "wire/qs-scribe.h"

#define RFC9000(section) "RFC 9000 section " section
#define TAG_LENGTH 16 /* of each suite that QUIC uses, RFC 9001 section 5.3 */

static const QsFieldText packet_texts[] = {
  [QS_PACKET_INITIAL] = { "Initial packet",
                          N_ ("Carries the first TLS messages of a connection. Its keys follow from the connection ID, "
                              "so that anyone on the "
                              "path can read it."),
                          RFC9000 ("17.2.2") },
  [QS_PACKET_0RTT] = { "0-RTT packet",
                       N_ ("Early data of a client that knows the server from before: sent before the handshake is "
                           "done, and "
                           "open to replay."),
                       RFC9000 ("17.2.3") },
  [QS_PACKET_HANDSHAKE] = { "Handshake packet",
                            N_ ("Carries the part of the TLS handshake that is encrypted: certificate and Finished."),
                            RFC9000 ("17.2.4") },
  [QS_PACKET_1RTT] = { "1-RTT packet",
                       N_ ("Carries the application's data, and all else once the handshake is done; it has the short "
                           "header."),
                       RFC9000 ("17.3.1") },
  [QS_PACKET_RETRY] = { "Retry packet",
                        N_ ("The server asks the client to start again with this token, to prove that the client's "
                            "address "
                            "is its own."),
                        RFC9000 ("17.2.5") },
  [QS_PACKET_VERSION_NEGOTIATION] = { "Version Negotiation packet",
                                      N_ ("The server does not speak the version that the client chose, and lists "
                                          "those that it does."),
                                      RFC9000 ("17.2.1") },
  [QS_PACKET_STATELESS_RESET] = { "Stateless Reset",
                                  N_ ("The peer has lost all memory of the connection: it looks like a packet and ends "
                                      "in a secret token."),
                                  RFC9000 ("10.3") },
  [QS_PACKET_UNKNOWN] = { "Packet of an unknown version", N_ ("Only what all QUIC versions share can be read."),
                          "RFC 8999 section 5" },
  [QS_PACKET_TLS_RECORD] = { "TLS record", N_ ("The unit in which TLS over TCP carries and protects data."),
                             "RFC 9846 section 5.1" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (packet_texts) == QS_N_PACKET_TYPES);

/* One row a bit field of the first byte. */
typedef struct {
  QsFieldText text;
  guint8 shift, width;
} BitField;

static const BitField form_bit = {
  { "Header Form", N_ ("1 for the long header, 0 for the short one."), RFC9000 ("17.2") }, 7, 1
};
static const BitField fixed_bit = {
  { "Fixed Bit", N_ ("Always 1, unless both ends agreed to vary it (RFC 9287)."), RFC9000 ("17.2") }, 6, 1
};
static const BitField type_bits = {
  { "Long Packet Type", N_ ("Which of the packets with a long header this is; version 2 numbers them differently."),
    RFC9000 ("17.2") },
  4,
  2
};
static const BitField protected_long_bits = {
  { "Protected bits", N_ ("Reserved bits and the length of the packet number, hidden by header protection."),
    "RFC 9001 section 5.4.1" },
  0,
  4
};
static const BitField unused_bits = { { "Unused bits", N_ ("Any value; receivers ignore them."), RFC9000 ("17.2.5") },
                                      0,
                                      4 };
static const BitField spin_bit = { { "Spin Bit",
                                     N_ ("If both ends do it, this flips once per round trip, so that observers on the "
                                         "path can measure it; else its value means "
                                         "nothing. OpenSSL leaves it 0."),
                                     RFC9000 ("17.4") },
                                   5,
                                   1 };
static const BitField protected_short_bits = {
  { "Protected bits", N_ ("Reserved bits, key phase and the length of the packet number, hidden by header protection."),
    "RFC 9001 section 5.4.1" },
  0,
  5
};

static QsField *
add_bits (QsScribe *byte, guint8 value, const BitField *bits)
{
  GString *shown = g_string_new (NULL);

  for (guint i = bits->width; i-- > 0;)
    g_string_append_c (shown, (value >> (bits->shift + i) & 1) != 0 ? '1' : '0');
  return qs_scribe_add (byte, &bits->text, 0, g_string_free (shown, FALSE));
}

static void
add_opened (QsField *bits, const QsFieldText *text, guint value)
{
  QsField *field = qs_field_add (bits, qs_field_new (text->name, bits->space, bits->offset, bits->length));

  qs_field_take_value (field, g_strdup_printf ("%u", value));
  qs_field_explain (field, _ (text->meaning), text->reference);
}

/* What the bits are without their protection. */
static void
describe_opened_bits (QsField *bits, const QsPacketHeader *header, const QsOpenedHeader *opened)
{
  if (!header->long_header)
    add_opened (bits,
                QS_FIELD_TEXT ("Key Phase",
                               N_ ("Which generation of keys protects it: it flips with every key update."),
                               "RFC 9001 section 6"),
                opened->key_phase);
  add_opened (bits,
              QS_FIELD_TEXT ("Packet Number Length", N_ ("Bytes of the packet number; one less stands in the bits."),
                             RFC9000 ("17.2")),
              opened->number_length);
}

static void
describe_first_byte (QsScribe *scribe, const QsPacketHeader *header, const QsOpenedHeader *opened)
{
  static const BitField *const long_bits[] = { &form_bit, &fixed_bit, &type_bits, &protected_long_bits, NULL };
  static const BitField *const retry_bits[] = { &form_bit, &fixed_bit, &type_bits, &unused_bits, NULL };
  static const BitField *const short_bits[] = { &form_bit, &fixed_bit, &spin_bit, &protected_short_bits, NULL };
  static const BitField *const any_bits[] = { &form_bit, NULL };
  gboolean invariant = header->type == QS_PACKET_VERSION_NEGOTIATION || header->type == QS_PACKET_UNKNOWN;
  const BitField *const *bits = !header->long_header              ? short_bits
                                : invariant                       ? any_bits
                                : header->type == QS_PACKET_RETRY ? retry_bits
                                                                  : long_bits;

  QsScribe byte = qs_scribe_open_length (
      scribe, 1, QS_FIELD_TEXT ("First byte", N_ ("The form and the type of the packet."), RFC9000 ("17")));
  guint8 value = (guint8) qs_reader_uint (&byte.reader, 1);
  if (!byte.reader.ok)
    return;
  qs_field_take_value (byte.parent, g_strdup_printf ("0x%02x", value));
  for (guint i = 0; bits[i] != NULL; i++)
    {
      QsField *field = add_bits (&byte, value, bits[i]);
      if (opened != NULL && field != NULL && (bits[i] == &protected_long_bits || bits[i] == &protected_short_bits))
        describe_opened_bits (field, header, opened);
    }
}

static void
describe_version (QsScribe *scribe, const QsFieldText *text)
{
  gsize start = scribe->reader.at;
  guint32 version = (guint32) qs_reader_uint (&scribe->reader, 4);

  if (!scribe->reader.ok)
    return;
  g_autofree char *name = qs_quic_version_name (version);
  char *value = g_str_has_prefix (name, "0x") || qs_quic_version_is_greased (version)
                    ? g_steal_pointer (&name)
                    : g_strdup_printf ("0x%08x (%s)", version, name);
  qs_scribe_add (scribe, text, start, value);
}

static void
describe_connection_ids (QsScribe *scribe)
{
  guint64 length = qs_scribe_uint (
      scribe, 1,
      QS_FIELD_TEXT ("Destination Connection ID Length",
                     N_ ("Bytes of the receiver's connection ID, which follows; 20 at most in versions 1 and 2."),
                     RFC9000 ("17.2")));
  qs_scribe_bytes (
      scribe, length,
      QS_FIELD_TEXT ("Destination Connection ID",
                     N_ ("Names the connection at the receiver, which chose it; a client's first one is random."),
                     RFC9000 ("5.1")));
  length = qs_scribe_uint (
      scribe, 1,
      QS_FIELD_TEXT ("Source Connection ID Length",
                     N_ ("Bytes of the sender's connection ID, which follows; 20 at most in versions 1 and 2."),
                     RFC9000 ("17.2")));
  qs_scribe_bytes (scribe, length,
                   QS_FIELD_TEXT ("Source Connection ID",
                                  N_ ("What the sender wants to be addressed with from now on."), RFC9000 ("5.1")));
}

static void
describe_number (QsScribe *scribe, const QsOpenedHeader *opened)
{
  gsize start = scribe->reader.at;
  QsSpan bytes = qs_reader_span (&scribe->reader, opened->number_length);
  g_autofree char *hex = qs_scribe_hex (bytes);

  if (scribe->reader.ok)
    qs_scribe_add (scribe,
                   QS_FIELD_TEXT ("Packet Number",
                                  N_ ("Under header protection. Only its last bytes are sent: the receiver knows the "
                                      "others from the packets before."),
                                  RFC9000 ("17.1")),
                   start, g_strdup_printf ("%" PRIu64 " (%s)", opened->number, hex));
}

static void
describe_protected (QsScribe *scribe, const QsOpenedHeader *opened)
{
  if (opened != NULL && qs_reader_left (&scribe->reader) >= (gsize) opened->number_length + TAG_LENGTH)
    {
      describe_number (scribe, opened);
      qs_scribe_bytes (scribe, qs_reader_left (&scribe->reader) - TAG_LENGTH,
                       QS_FIELD_TEXT ("Protected Payload", N_ ("The frames, encrypted."), "RFC 9001 section 5.3"));
      qs_scribe_rest (scribe, QS_FIELD_TEXT ("Authentication Tag",
                                             N_ ("Proves that neither header nor payload was changed on the way."),
                                             "RFC 9001 section 5.3"));
      return;
    }
  qs_scribe_rest (scribe,
                  QS_FIELD_TEXT ("Protected packet number and payload",
                                 N_ ("The packet number, of 1 to 4 bytes, under header protection, then the encrypted "
                                     "frames and the 16 bytes that prove them unchanged."),
                                 "RFC 9001 section 5"));
}

static void
describe_retry (QsScribe *scribe)
{
  gsize left = qs_reader_left (&scribe->reader);

  qs_scribe_bytes (scribe, left >= 16 ? left - 16 : 0,
                   QS_FIELD_TEXT ("Retry Token", N_ ("The client sends it back in its next Initial packet."),
                                  RFC9000 ("17.2.5")));
  qs_scribe_rest (scribe,
                  QS_FIELD_TEXT ("Retry Integrity Tag",
                                 N_ ("Proves that the Retry answers this client's Initial and was not garbled. Its "
                                     "key is public."),
                                 "RFC 9001 section 5.8"));
}

static void
describe_version_list (QsScribe *scribe)
{
  while (qs_scribe_more (scribe) && scribe->reader.ok)
    describe_version (scribe,
                      QS_FIELD_TEXT ("Supported Version",
                                     N_ ("A version that the server speaks; greased ones only test that clients "
                                         "ignore what they do not know."),
                                     RFC9000 ("17.2.1")));
}

static void
describe_numbered (QsScribe *scribe, const QsPacketHeader *header, const QsOpenedHeader *opened)
{
  if (header->type == QS_PACKET_INITIAL)
    {
      guint64 length = qs_scribe_varint (
          scribe, QS_FIELD_TEXT ("Token Length", N_ ("How many bytes follow; 0 when the client has no token."),
                                 RFC9000 ("17.2.2")));
      qs_scribe_bytes (
          scribe, length,
          QS_FIELD_TEXT ("Token",
                         N_ ("From a Retry or an earlier connection's NEW_TOKEN: it proves the client's address."),
                         RFC9000 ("8.1")));
    }
  qs_scribe_varint (scribe,
                    QS_FIELD_TEXT ("Length",
                                   N_ ("Bytes of the packet number and the payload together: the next packet of the "
                                       "datagram starts behind them."),
                                   RFC9000 ("17.2")));
  describe_protected (scribe, opened);
}

static void
describe_long (QsScribe *scribe, const QsPacketHeader *header, const QsOpenedHeader *opened)
{
  describe_first_byte (scribe, header, opened);
  describe_version (scribe,
                    QS_FIELD_TEXT ("Version", N_ ("The QUIC version; 0 marks Version Negotiation."), RFC9000 ("17.2")));
  describe_connection_ids (scribe);
  if (header->type == QS_PACKET_VERSION_NEGOTIATION)
    describe_version_list (scribe);
  else if (header->type == QS_PACKET_RETRY)
    describe_retry (scribe);
  else if (header->type == QS_PACKET_UNKNOWN)
    qs_scribe_rest (scribe, QS_FIELD_TEXT ("Version-specific bytes",
                                           N_ ("Their meaning depends on a version that is not known here."),
                                           "RFC 8999 section 5.1"));
  else
    describe_numbered (scribe, header, opened);
}

static void
describe_short (QsScribe *scribe, const QsPacketHeader *header, const QsOpenedHeader *opened)
{
  describe_first_byte (scribe, header, opened);
  qs_scribe_bytes (scribe, header->dcid.length,
                   QS_FIELD_TEXT ("Destination Connection ID",
                                  N_ ("Names the connection at the receiver; its length does not stand in the packet."),
                                  RFC9000 ("17.3.1")));
  describe_protected (scribe, opened);
}

static void
describe_reset (QsScribe *scribe)
{
  gsize left = qs_reader_left (&scribe->reader);

  qs_scribe_bytes (scribe, left >= 16 ? left - 16 : 0,
                   QS_FIELD_TEXT ("Unpredictable bits", N_ ("Random bytes that make it look like any other packet."),
                                  RFC9000 ("10.3")));
  qs_scribe_rest (scribe, QS_FIELD_TEXT ("Stateless Reset Token",
                                         N_ ("The secret that the peer gave earlier: only it could have sent this."),
                                         RFC9000 ("10.3")));
}

static const char *
content_type_name (guint64 type)
{
  static const char *const names[] = { "change_cipher_spec", "alert", "handshake", "application_data", "heartbeat" };

  return type >= 20 && type < 20 + G_N_ELEMENTS (names) ? names[type - 20] : NULL;
}

static const char *
version_name (guint64 version)
{
  return qs_tls_version_name ((guint16) version);
}

static void
describe_record (QsScribe *scribe)
{
  qs_scribe_named (scribe, 1,
                   QS_FIELD_TEXT ("Content Type",
                                  N_ ("What the record carries. Under TLS 1.3's keys all look like application_data."),
                                  "RFC 9846 section 5.1"),
                   content_type_name);
  qs_scribe_named (
      scribe, 2,
      QS_FIELD_TEXT ("Legacy Record Version",
                     N_ ("Says nothing about the version in use: it stays at an old one for old middleboxes."),
                     "RFC 9846 section 5.1"),
      version_name);
  guint64 length = qs_scribe_uint (
      scribe, 2,
      QS_FIELD_TEXT ("Length", N_ ("Bytes of the fragment, 16384 and some overhead at most."), "RFC 9846 section 5.1"));
  qs_scribe_bytes (scribe, length,
                   QS_FIELD_TEXT ("Fragment", N_ ("Messages or parts of them, encrypted once keys are agreed on."),
                                  "RFC 9846 section 5.1"));
}

QsField *
qs_describe_packet_header (const QsPacketHeader *header, const QsOpenedHeader *opened, QsSpan packet,
                           gsize packet_offset)
{
  g_return_val_if_fail (header != NULL && header->type < QS_N_PACKET_TYPES, NULL);
  g_return_val_if_fail (opened == NULL || (opened->number_length >= 1 && opened->number_length <= 4), NULL);

  guint room = QS_SCRIBE_ROOM;
  gsize length = header->length > 0 ? MIN (header->length, packet.length) : packet.length;
  const QsFieldText *text = &packet_texts[header->type];
  QsField *field = qs_field_new (text->name, QS_FIELD_IN_DATAGRAM, packet_offset, length);
  qs_field_explain (field, _ (text->meaning), text->reference);

  QsScribe scribe = qs_scribe_init (field, QS_SPAN (packet.data, length), QS_FIELD_IN_DATAGRAM, packet_offset, &room);
  if (header->type == QS_PACKET_TLS_RECORD)
    describe_record (&scribe);
  else if (header->type == QS_PACKET_STATELESS_RESET)
    describe_reset (&scribe);
  else if (header->long_header)
    describe_long (&scribe, header, opened);
  else
    describe_short (&scribe, header, opened);
  qs_scribe_close (&scribe);
  return field;
}
