/* SPDX-License-Identifier: GPL-3.0-or-later */
/* X.509 certificates field by field, with the bytes of each: DER as RFC 5280 has it. What a certificate means as a whole is
 * said by certs/. */
#include <gio/gio.h>
#include <inttypes.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "wire/qs-describe-private.h"
#include "wire/qs-describe.h"

#define RFC5280(section) "RFC 5280 section " section
#define MAX_OID_TEXT 128
#define MAX_TEXT 256

enum {
  TAG_BOOLEAN = 0x01,
  TAG_INTEGER = 0x02,
  TAG_BIT_STRING = 0x03,
  TAG_OCTET_STRING = 0x04,
  TAG_OID = 0x06,
  TAG_UTC_TIME = 0x17,
  TAG_GENERALIZED_TIME = 0x18,
  TAG_SEQUENCE = 0x30,
  TAG_SET = 0x31,
};

typedef struct {
  guint8 tag;
  gsize header; /* bytes of tag and length */
  QsSpan body;
} Tlv;

/* --- Object identifiers --- */

typedef struct {
  const char *oid; /* DER without tag and length */
  guint8 length;
  const char *name;
} Oid;

#define OID(bytes, name)          \
  {                               \
    bytes, sizeof bytes - 1, name \
  }

static const Oid oids[] = {
  OID ("\x55\x04\x03", "commonName"),
  OID ("\x55\x04\x04", "surname"),
  OID ("\x55\x04\x05", "serialNumber"),
  OID ("\x55\x04\x06", "countryName"),
  OID ("\x55\x04\x07", "localityName"),
  OID ("\x55\x04\x08", "stateOrProvinceName"),
  OID ("\x55\x04\x09", "streetAddress"),
  OID ("\x55\x04\x0a", "organizationName"),
  OID ("\x55\x04\x0b", "organizationalUnitName"),
  OID ("\x55\x04\x0c", "title"),
  OID ("\x55\x04\x0f", "businessCategory"),
  OID ("\x55\x04\x11", "postalCode"),
  OID ("\x55\x04\x61", "organizationIdentifier"),
  OID ("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
  OID ("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "domainComponent"),
  OID ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "rsaEncryption"),
  OID ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "sha1WithRSAEncryption"),
  OID ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "rsassaPss"),
  OID ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "sha256WithRSAEncryption"),
  OID ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "sha384WithRSAEncryption"),
  OID ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "sha512WithRSAEncryption"),
  OID ("\x2a\x86\x48\xce\x3d\x02\x01", "ecPublicKey"),
  OID ("\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256"),
  OID ("\x2b\x81\x04\x00\x22", "P-384"),
  OID ("\x2b\x81\x04\x00\x23", "P-521"),
  OID ("\x2a\x86\x48\xce\x3d\x04\x03\x02", "ecdsa-with-SHA256"),
  OID ("\x2a\x86\x48\xce\x3d\x04\x03\x03", "ecdsa-with-SHA384"),
  OID ("\x2a\x86\x48\xce\x3d\x04\x03\x04", "ecdsa-with-SHA512"),
  OID ("\x2b\x65\x70", "Ed25519"),
  OID ("\x2b\x65\x71", "Ed448"),
  OID ("\x60\x86\x48\x01\x65\x03\x04\x03\x11", "ML-DSA-44"),
  OID ("\x60\x86\x48\x01\x65\x03\x04\x03\x12", "ML-DSA-65"),
  OID ("\x60\x86\x48\x01\x65\x03\x04\x03\x13", "ML-DSA-87"),
  OID ("\x2b\x06\x01\x05\x05\x07\x03\x01", "serverAuth"),
  OID ("\x2b\x06\x01\x05\x05\x07\x03\x02", "clientAuth"),
  OID ("\x2b\x06\x01\x05\x05\x07\x03\x03", "codeSigning"),
  OID ("\x2b\x06\x01\x05\x05\x07\x03\x04", "emailProtection"),
  OID ("\x2b\x06\x01\x05\x05\x07\x03\x08", "timeStamping"),
  OID ("\x2b\x06\x01\x05\x05\x07\x03\x09", "OCSPSigning"),
};

static char *
dotted (QsSpan oid)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint64 arc = 0;

  for (gsize i = 0; i < oid.length && text->len < MAX_OID_TEXT; i++)
    {
      if (arc > G_MAXUINT64 >> 8)
        break;
      arc = arc << 7 | (oid.data[i] & 0x7f);
      if ((oid.data[i] & 0x80) != 0)
        continue;
      if (text->len == 0)
        {
          guint64 first = MIN (arc / 40, 2);
          g_string_append_printf (text, "%" PRIu64 ".%" PRIu64, first, arc - 40 * first);
        }
      else
        g_string_append_printf (text, ".%" PRIu64, arc);
      arc = 0;
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
oid_name (QsSpan oid)
{
  for (guint i = 0; i < G_N_ELEMENTS (oids); i++)
    if (qs_span_equal (oid, QS_SPAN (oids[i].oid, oids[i].length)))
      return g_strdup (oids[i].name);
  return dotted (oid);
}

/* --- Reading --- */

static gboolean
read_tlv (QsReader *reader, Tlv *tlv)
{
  gsize start = reader->at;

  tlv->tag = (guint8) qs_reader_uint (reader, 1);
  guint64 length = qs_reader_uint (reader, 1);
  if (length == 0x80 || length > 0x84) /* of unknown length, which DER forbids; or larger than any message */
    reader->ok = FALSE;
  else if (length > 0x80)
    length = qs_reader_uint (reader, (guint) length - 0x80);
  tlv->header = reader->at - start;
  tlv->body = qs_reader_span (reader, length);
  return reader->ok;
}

static gboolean
peek_tlv (const QsScribe *scribe, Tlv *tlv)
{
  QsReader ahead = scribe->reader;

  return !qs_reader_at_end (&ahead) && read_tlv (&ahead, tlv);
}

static gboolean
is_next (const QsScribe *scribe, guint8 tag)
{
  Tlv tlv;

  return peek_tlv (scribe, &tlv) && tlv.tag == tag;
}

/* Opens an element; the result stands behind its tag and length. tag 0: any. */
static QsScribe
open_tlv (QsScribe *scribe, guint8 tag, const QsFieldText *text, Tlv *tlv)
{
  if (!peek_tlv (scribe, tlv) || (tag != 0 && tlv->tag != tag))
    {
      scribe->reader.ok = FALSE;
      *tlv = (Tlv){ .body = QS_SPAN_NONE };
    }
  QsScribe part = qs_scribe_open_length (scribe, tlv->header + tlv->body.length, text);
  qs_reader_span (&part.reader, tlv->header);
  return part;
}

/* An element without parts. Its value is hex until the caller knows better. Returns the field, or NULL. */
static QsField *
add_tlv (QsScribe *scribe, guint8 tag, const QsFieldText *text, Tlv *tlv)
{
  QsScribe part = open_tlv (scribe, tag, text, tlv);

  if (!part.reader.ok)
    return NULL;
  return qs_field_take_value (part.parent, qs_scribe_hex (tlv->body));
}

static void
add_oid (QsScribe *scribe, const QsFieldText *text)
{
  Tlv tlv;
  QsField *field = add_tlv (scribe, TAG_OID, text, &tlv);

  if (field == NULL)
    return;
  g_autofree char *name = oid_name (tlv.body);
  g_autofree char *numbers = dotted (tlv.body);
  qs_field_take_value (field,
                       g_str_equal (name, numbers) ? g_strdup (name) : g_strdup_printf ("%s (%s)", name, numbers));
}

/* --- Parts of the certificate --- */

static void
describe_algorithm (QsScribe *scribe, const QsFieldText *text)
{
  Tlv tlv, parameter;
  QsScribe part = open_tlv (scribe, TAG_SEQUENCE, text, &tlv);

  if (!part.reader.ok)
    return;
  Tlv oid;
  if (peek_tlv (&part, &oid) && oid.tag == TAG_OID)
    qs_field_take_value (part.parent, oid_name (oid.body));
  add_oid (&part, QS_FIELD_TEXT ("Algorithm", N_ ("Its object identifier."), RFC5280 ("4.1.1.2")));
  if (is_next (&part, TAG_OID))
    add_oid (&part, QS_FIELD_TEXT ("Curve", N_ ("The elliptic curve."), "RFC 5480 section 2.1.1"));
  else if (!qs_reader_at_end (&part.reader))
    add_tlv (&part, 0,
             QS_FIELD_TEXT ("Parameters", N_ ("What else the algorithm needs; NULL for most."), RFC5280 ("4.1.1.2")),
             &parameter);
  qs_scribe_close (&part);
}

static const char *
attribute_meaning (const char *name)
{
  return g_str_equal (name, "commonName") ? N_ ("A name; for servers only the Subject Alternative Name counts.")
                                          : N_ ("A part of the name.");
}

/* Name: sets of attributes. The value lists them all. */
static void
describe_name (QsScribe *scribe, const QsFieldText *text)
{
  Tlv tlv;
  QsScribe name = open_tlv (scribe, TAG_SEQUENCE, text, &tlv);
  g_autoptr (GString) all = g_string_new (NULL);

  while (name.reader.ok && qs_scribe_more (&name))
    {
      Tlv set, pair, type, value;
      QsReader ahead = name.reader;
      if (!read_tlv (&ahead, &set) || set.tag != TAG_SET)
        {
          name.reader.ok = FALSE;
          break;
        }
      QsReader inner = qs_reader_init (set.body);
      if (!read_tlv (&inner, &pair) || pair.tag != TAG_SEQUENCE)
        {
          name.reader.ok = FALSE;
          break;
        }
      QsReader parts = qs_reader_init (pair.body);
      if (!read_tlv (&parts, &type) || !read_tlv (&parts, &value))
        {
          name.reader.ok = FALSE;
          break;
        }
      g_autofree char *kind = oid_name (type.body);
      g_autofree char *shown = qs_text_escape_short (value.body.data, (gssize) value.body.length, MAX_TEXT);
      gsize start = name.reader.at;
      qs_reader_span (&name.reader, set.header + set.body.length);
      qs_scribe_add (&name, QS_FIELD_TEXT (kind, attribute_meaning (kind), RFC5280 ("4.1.2.4")), start,
                     g_strdup (shown));
      if (all->len < MAX_TEXT)
        g_string_append_printf (all, "%s%s=%s", all->len > 0 ? ", " : "", kind, shown);
    }
  if (!scribe->reader.ok)
    return;
  qs_scribe_close (&name);
  qs_field_take_value (name.parent, g_string_free (g_steal_pointer (&all), FALSE));
}

/* "2026-11-21 14:25:34 UTC" from YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ; NULL for another form. */
static char *
format_time (const Tlv *tlv)
{
  gsize year_digits = tlv->tag == TAG_UTC_TIME ? 2 : 4;
  const guint8 *at = tlv->body.data;
  char digits[16];

  if (tlv->body.length != year_digits + 11 || at[year_digits + 10] != 'Z')
    return NULL;
  for (gsize i = 0; i < year_digits + 10; i++)
    if (!g_ascii_isdigit (at[i]))
      return NULL;
  /* RFC 5280 section 4.1.2.5.1: two digits from 50 on are of the last century. */
  memcpy (digits, year_digits == 4 ? "" : at[0] >= '5' ? "19" : "20", year_digits == 4 ? 0 : 2);
  memcpy (digits + (year_digits == 4 ? 0 : 2), at, year_digits + 10);
  return g_strdup_printf ("%.4s-%.2s-%.2s %.2s:%.2s:%.2s UTC", digits, digits + 4, digits + 6, digits + 8, digits + 10,
                          digits + 12);
}

static void
describe_time (QsScribe *scribe, const QsFieldText *text)
{
  Tlv tlv;
  QsField *field = add_tlv (scribe, 0, text, &tlv);
  char *shown = field != NULL ? format_time (&tlv) : NULL;

  if (shown != NULL)
    qs_field_take_value (field, shown);
}

static void
describe_validity (QsScribe *scribe)
{
  Tlv tlv;
  QsScribe part =
      open_tlv (scribe, TAG_SEQUENCE,
                QS_FIELD_TEXT ("Validity", N_ ("The time in which the certificate may be used."), RFC5280 ("4.1.2.5")),
                &tlv);

  describe_time (&part, QS_FIELD_TEXT ("Not Before", N_ ("From when on it is valid."), RFC5280 ("4.1.2.5")));
  describe_time (&part, QS_FIELD_TEXT ("Not After", N_ ("Until when it is valid."), RFC5280 ("4.1.2.5")));
  if (scribe->reader.ok)
    qs_scribe_close (&part);
}

static void
describe_public_key (QsScribe *scribe)
{
  Tlv tlv, bits;
  QsScribe part = open_tlv (scribe, TAG_SEQUENCE,
                            QS_FIELD_TEXT ("Subject Public Key Info",
                                           N_ ("The key whose private half its owner holds."), RFC5280 ("4.1.2.7")),
                            &tlv);

  describe_algorithm (&part, QS_FIELD_TEXT ("Algorithm", N_ ("What kind of key it is."), RFC5280 ("4.1.2.7")));
  QsField *key =
      add_tlv (&part, TAG_BIT_STRING,
               QS_FIELD_TEXT ("Subject Public Key", N_ ("The public key itself."), RFC5280 ("4.1.2.7")), &bits);
  if (key != NULL && bits.body.length > 0)
    {
      gulong n = (gulong) bits.body.length - 1; /* the first byte counts bits that are not used */
      qs_field_take_value (part.parent, g_strdup_printf (ngettext ("%lu byte", "%lu bytes", n), n));
    }
  if (scribe->reader.ok)
    qs_scribe_close (&part);
}

/* --- Extensions --- */

typedef void (*ExtensionFunc) (QsScribe *scribe);

static void
describe_general_name (QsScribe *names)
{
  static const QsFieldText dns = { "DNS Name", N_ ("A host that the certificate is for; * stands for one label."),
                                   RFC5280 ("4.2.1.6") };
  static const QsFieldText ip = { "IP Address", N_ ("An address that the certificate is for."), RFC5280 ("4.2.1.6") };
  static const QsFieldText email = { "Email", N_ ("A mailbox that the certificate is for."), RFC5280 ("4.2.1.6") };
  static const QsFieldText uri = { "URI", N_ ("A resource that the certificate is for."), RFC5280 ("4.2.1.6") };
  static const QsFieldText other = { "Name", N_ ("A name of another kind."), RFC5280 ("4.2.1.6") };
  Tlv tlv;

  if (!peek_tlv (names, &tlv))
    {
      names->reader.ok = FALSE;
      return;
    }
  guint8 kind = tlv.tag & 0x1f;
  QsField *field = add_tlv (names, 0,
                            kind == 1   ? &email
                            : kind == 2 ? &dns
                            : kind == 6 ? &uri
                            : kind == 7 ? &ip
                                        : &other,
                            &tlv);
  if (field == NULL)
    return;
  if (kind == 1 || kind == 2 || kind == 6)
    qs_field_take_value (field, qs_text_escape_short (tlv.body.data, (gssize) tlv.body.length, MAX_TEXT));
  else if (kind == 7 && (tlv.body.length == 4 || tlv.body.length == 16))
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (
          tlv.body.data, tlv.body.length == 4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
      qs_field_take_value (field, g_inet_address_to_string (address));
    }
}

static void
describe_alternative_name (QsScribe *scribe)
{
  Tlv tlv;
  QsScribe names =
      open_tlv (scribe, TAG_SEQUENCE,
                QS_FIELD_TEXT ("Names", N_ ("All that the certificate is for."), RFC5280 ("4.2.1.6")), &tlv);

  while (names.reader.ok && qs_scribe_more (&names))
    describe_general_name (&names);
  if (scribe->reader.ok)
    qs_scribe_close (&names);
}

static void
describe_basic_constraints (QsScribe *scribe)
{
  Tlv tlv;
  QsScribe part =
      open_tlv (scribe, TAG_SEQUENCE,
                QS_FIELD_TEXT ("Constraints", N_ ("Empty: it is no authority's."), RFC5280 ("4.2.1.9")), &tlv);
  if (is_next (&part, TAG_BOOLEAN))
    add_tlv (&part, TAG_BOOLEAN,
             QS_FIELD_TEXT ("CA", N_ ("ff: its owner may issue certificates."), RFC5280 ("4.2.1.9")), &tlv);
  if (is_next (&part, TAG_INTEGER))
    add_tlv (&part, TAG_INTEGER,
             QS_FIELD_TEXT ("Path Length", N_ ("How many authorities may stand below it."), RFC5280 ("4.2.1.9")), &tlv);
  if (scribe->reader.ok)
    qs_scribe_close (&part);
}

static void
describe_key_usage (QsScribe *scribe)
{
  static const char *const names[] = { "digitalSignature", "nonRepudiation", "keyEncipherment",
                                       "dataEncipherment", "keyAgreement",   "keyCertSign",
                                       "cRLSign",          "encipherOnly",   "decipherOnly" };
  g_autoptr (GString) text = g_string_new (NULL);
  Tlv tlv;
  QsField *field = add_tlv (scribe, TAG_BIT_STRING,
                            QS_FIELD_TEXT ("Uses", N_ ("What the key may be used for."), RFC5280 ("4.2.1.3")), &tlv);

  for (guint i = 0; field != NULL && i < G_N_ELEMENTS (names) && 1 + i / 8 < tlv.body.length; i++)
    if ((tlv.body.data[1 + i / 8] & 0x80 >> i % 8) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", names[i]);
  if (field != NULL)
    qs_field_take_value (field, g_string_free (g_steal_pointer (&text), FALSE));
}

static void
describe_extended_key_usage (QsScribe *scribe)
{
  Tlv tlv;
  QsScribe part =
      open_tlv (scribe, TAG_SEQUENCE,
                QS_FIELD_TEXT ("Purposes", N_ ("What the certificate may be used for."), RFC5280 ("4.2.1.12")), &tlv);

  while (part.reader.ok && qs_scribe_more (&part))
    add_oid (&part, QS_FIELD_TEXT ("Purpose", N_ ("serverAuth is what a server needs."), RFC5280 ("4.2.1.12")));
  if (scribe->reader.ok)
    qs_scribe_close (&part);
}

static void
describe_key_identifier (QsScribe *scribe)
{
  Tlv tlv;

  add_tlv (scribe, TAG_OCTET_STRING,
           QS_FIELD_TEXT ("Key Identifier", N_ ("Mostly a hash of the key."), RFC5280 ("4.2.1.2")), &tlv);
}

/* clang-format off */
static const struct {
  const char *oid;
  guint8 length;
  const char *name;
  const char *meaning;
  const char *reference;
  ExtensionFunc describe;
} extensions[] = {
  { "\x55\x1d\x0e", 3, "Subject Key Identifier", N_ ("Names the key, so that a chain can be put together."), RFC5280 ("4.2.1.2"), describe_key_identifier },
  { "\x55\x1d\x0f", 3, "Key Usage", N_ ("What the key may be used for."), RFC5280 ("4.2.1.3"), describe_key_usage },
  { "\x55\x1d\x11", 3, "Subject Alternative Name", N_ ("The names that the certificate is for: a client compares these with the one that it wanted."), RFC5280 ("4.2.1.6"), describe_alternative_name },
  { "\x55\x1d\x12", 3, "Issuer Alternative Name", N_ ("Other names of the issuer."), RFC5280 ("4.2.1.7"), describe_alternative_name },
  { "\x55\x1d\x13", 3, "Basic Constraints", N_ ("Whether its owner may issue certificates."), RFC5280 ("4.2.1.9"), describe_basic_constraints },
  { "\x55\x1d\x1e", 3, "Name Constraints", N_ ("For which names the authority may issue certificates."), RFC5280 ("4.2.1.10"), NULL },
  { "\x55\x1d\x1f", 3, "CRL Distribution Points", N_ ("Where lists of revoked certificates are kept."), RFC5280 ("4.2.1.13"), NULL },
  { "\x55\x1d\x20", 3, "Certificate Policies", N_ ("Under which rules it was issued."), RFC5280 ("4.2.1.4"), NULL },
  { "\x55\x1d\x23", 3, "Authority Key Identifier", N_ ("Names the key that signed it, so that a chain can be put together."), RFC5280 ("4.2.1.1"), NULL },
  { "\x55\x1d\x25", 3, "Extended Key Usage", N_ ("What the certificate may be used for."), RFC5280 ("4.2.1.12"), describe_extended_key_usage },
  { "\x2b\x06\x01\x05\x05\x07\x01\x01", 8, "Authority Information Access", N_ ("Where the issuer's certificate and its revocation service are found."), RFC5280 ("4.2.2.1"), NULL },
  { "\x2b\x06\x01\x05\x05\x07\x01\x18", 8, "TLS Feature", N_ ("What the server has to do in TLS: mostly to staple a proof that it was not revoked."), "RFC 7633 section 4", NULL },
  { "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02", 10, "Signed Certificate Timestamps", N_ ("Promises of public logs that they list the certificate."), "RFC 6962 section 3.3", NULL },
};
/* clang-format on */

static void
describe_extension_value (QsScribe *scribe, ExtensionFunc describe)
{
  Tlv tlv;
  QsScribe value = open_tlv (scribe, TAG_OCTET_STRING,
                             QS_FIELD_TEXT ("Value", N_ ("The extension's own contents."), RFC5280 ("4.2")), &tlv);

  if (!value.reader.ok)
    return;
  if (describe == NULL)
    {
      qs_field_take_value (value.parent, qs_scribe_hex (tlv.body));
      return;
    }
  describe (&value);
  qs_scribe_close (&value);
}

static void
describe_extension (QsScribe *list)
{
  Tlv sequence, oid, tlv;
  QsFieldText text = { NULL, N_ ("An extension that is not opened up here."), RFC5280 ("4.2") };
  ExtensionFunc describe = NULL;
  QsReader ahead = list->reader;

  if (!read_tlv (&ahead, &sequence))
    {
      list->reader.ok = FALSE;
      return;
    }
  QsReader inner = qs_reader_init (sequence.body);
  if (!read_tlv (&inner, &oid) || oid.tag != TAG_OID)
    {
      list->reader.ok = FALSE;
      return;
    }
  g_autofree char *numbers = dotted (oid.body);
  text.name = numbers;
  for (guint i = 0; i < G_N_ELEMENTS (extensions); i++)
    if (qs_span_equal (oid.body, QS_SPAN (extensions[i].oid, extensions[i].length)))
      {
        text = (QsFieldText){ extensions[i].name, extensions[i].meaning, extensions[i].reference };
        describe = extensions[i].describe;
      }
  QsScribe part = open_tlv (list, TAG_SEQUENCE, &text, &sequence);
  add_oid (&part, QS_FIELD_TEXT ("ID", N_ ("Which extension this is."), RFC5280 ("4.2")));
  if (is_next (&part, TAG_BOOLEAN))
    add_tlv (&part, TAG_BOOLEAN,
             QS_FIELD_TEXT ("Critical", N_ ("ff: who does not understand it must refuse the certificate."),
                            RFC5280 ("4.2")),
             &tlv);
  describe_extension_value (&part, describe);
  if (list->reader.ok)
    qs_scribe_close (&part);
}

static void
describe_extensions (QsScribe *scribe)
{
  Tlv tlv;
  QsScribe outer =
      open_tlv (scribe, 0xa3,
                QS_FIELD_TEXT ("Extensions", N_ ("Everything that certificates learned since their first version."),
                               RFC5280 ("4.1.2.9")),
                &tlv);
  QsReader ahead = outer.reader;

  /* The list stands in an element of its own, of which there is nothing to say. */
  if (outer.reader.ok && read_tlv (&ahead, &tlv) && tlv.tag == TAG_SEQUENCE)
    qs_reader_span (&outer.reader, tlv.header);
  while (outer.reader.ok && qs_scribe_more (&outer))
    describe_extension (&outer);
  if (scribe->reader.ok)
    qs_scribe_close (&outer);
}

/* --- The whole --- */

static void
describe_version (QsScribe *scribe)
{
  Tlv tlv;

  if (!is_next (scribe, 0xa0))
    return;
  QsField *field = add_tlv (scribe, 0xa0,
                            QS_FIELD_TEXT ("Version", N_ ("X.509's; 2 stands for its third version, which all have."),
                                           RFC5280 ("4.1.2.1")),
                            &tlv);
  if (field != NULL && tlv.body.length == 3)
    qs_field_take_value (field, g_strdup_printf ("%u", tlv.body.data[2]));
}

static void
describe_contents (QsScribe *scribe)
{
  Tlv tlv;
  QsScribe part = open_tlv (
      scribe, TAG_SEQUENCE,
      QS_FIELD_TEXT ("TBS Certificate", N_ ("All that the issuer's signature stands for."), RFC5280 ("4.1.2")), &tlv);

  describe_version (&part);
  add_tlv (&part, TAG_INTEGER,
           QS_FIELD_TEXT ("Serial Number", N_ ("The issuer's own number for it."), RFC5280 ("4.1.2.2")), &tlv);
  describe_algorithm (&part, QS_FIELD_TEXT ("Signature", N_ ("How the issuer signs; the same as behind the contents."),
                                            RFC5280 ("4.1.2.3")));
  describe_name (&part, QS_FIELD_TEXT ("Issuer", N_ ("Who signed the certificate."), RFC5280 ("4.1.2.4")));
  describe_validity (&part);
  describe_name (&part, QS_FIELD_TEXT ("Subject", N_ ("Whose certificate it is."), RFC5280 ("4.1.2.6")));
  describe_public_key (&part);
  for (guint8 tag = 1; tag <= 2; tag++)
    if (is_next (&part, 0x80 | tag) || is_next (&part, 0xa0 | tag))
      add_tlv (&part, 0, QS_FIELD_TEXT ("Unique Identifier", N_ ("No longer used."), RFC5280 ("4.1.2.8")), &tlv);
  if (is_next (&part, 0xa3))
    describe_extensions (&part);
  if (scribe->reader.ok)
    qs_scribe_close (&part);
}

void
qs_scribe_certificate (QsScribe *scribe)
{
  Tlv tlv;
  QsReader ahead = scribe->reader;

  /* The outermost element is the certificate itself. */
  if (!read_tlv (&ahead, &tlv) || tlv.tag != TAG_SEQUENCE)
    {
      scribe->reader.ok = FALSE;
      return;
    }
  qs_reader_span (&scribe->reader, tlv.header);
  describe_contents (scribe);
  describe_algorithm (scribe,
                      QS_FIELD_TEXT ("Signature Algorithm", N_ ("How the issuer signed."), RFC5280 ("4.1.1.2")));
  add_tlv (scribe, TAG_BIT_STRING,
           QS_FIELD_TEXT ("Signature Value", N_ ("The issuer's signature over the contents."), RFC5280 ("4.1.1.3")),
           &tlv);
}

QsField *
qs_describe_certificate (QsSpan der, QsFieldSpace space, gsize offset)
{
  guint room = QS_SCRIBE_ROOM;
  QsField *field = qs_field_new ("Certificate", space, offset, der.length);
  QsScribe scribe = qs_scribe_init (field, der, space, offset, &room);

  qs_field_explain (field, _ ("A certificate: a name and a key, and who vouches for them."), RFC5280 ("4.1"));
  qs_scribe_certificate (&scribe);
  qs_scribe_close (&scribe);
  return field;
}
