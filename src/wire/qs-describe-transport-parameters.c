/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "wire/qs-describe-private.h"
#include "wire/qs-describe.h"
#include "wire/qs-packet.h"
#include "wire/qs-transport-parameters.h"

#define RFC9000 "RFC 9000 section 18.2"

static void
describe_address (QsScribe *scribe)
{
  qs_scribe_bytes (scribe, 4, QS_FIELD_TEXT ("IPv4 Address", N_ ("All zero when there is none."), RFC9000));
  qs_scribe_uint (scribe, 2, QS_FIELD_TEXT ("IPv4 Port", N_ ("0 when there is none."), RFC9000));
  qs_scribe_bytes (scribe, 16, QS_FIELD_TEXT ("IPv6 Address", N_ ("All zero when there is none."), RFC9000));
  qs_scribe_uint (scribe, 2, QS_FIELD_TEXT ("IPv6 Port", N_ ("0 when there is none."), RFC9000));
  guint64 length =
      qs_scribe_uint (scribe, 1, QS_FIELD_TEXT ("Connection ID Length", N_ ("How many bytes follow."), RFC9000));
  qs_scribe_bytes (scribe, length, QS_FIELD_TEXT ("Connection ID", N_ ("To be used at the new address."), RFC9000));
  qs_scribe_bytes (scribe, 16,
                   QS_FIELD_TEXT ("Stateless Reset Token", N_ ("Belongs to that connection ID."),
                                  "RFC 9000 section 10.3"));
}

static void
describe_version (QsScribe *scribe, const QsFieldText *text)
{
  gsize start = scribe->reader.at;
  guint32 version = (guint32) qs_reader_uint (&scribe->reader, 4);

  if (scribe->reader.ok)
    qs_scribe_add (scribe, text, start, qs_quic_version_name (version));
}

static void
describe_versions (QsScribe *scribe)
{
  describe_version (scribe, QS_FIELD_TEXT ("Chosen Version", N_ ("The version that this packet is sent in."),
                                           "RFC 9368 section 3"));
  while (scribe->reader.ok && qs_scribe_more (scribe))
    describe_version (scribe, QS_FIELD_TEXT ("Available Version",
                                             N_ ("A version that the sender could use as well; the client's are in the "
                                                 "order of its liking."),
                                             "RFC 9368 section 3"));
}

static void
describe_value (QsScribe *scribe, const QsTransportParameterInfo *info)
{
  QsTransportParameterKind kind = info != NULL ? info->kind : QS_TP_OPAQUE;

  const QsFieldText text = { "Value", N_ ("The parameter's value."), info != NULL ? info->reference : RFC9000 };

  if (kind == QS_TP_INTEGER)
    qs_scribe_varint (scribe, &text);
  else if (kind == QS_TP_ADDRESS)
    describe_address (scribe);
  else if (kind == QS_TP_VERSIONS)
    describe_versions (scribe);
  else if (kind != QS_TP_FLAG)
    qs_scribe_rest (scribe, &text);
}

static const QsFieldText *
parameter_text (guint64 id, const QsTransportParameterInfo *info, QsFieldText *text)
{
  if (info != NULL)
    *text = (QsFieldText){ info->name, info->meaning, info->reference };
  else if (qs_transport_parameter_is_greased (id))
    *text = (QsFieldText){ "GREASE", N_ ("Reserved: sent only to see that the peer ignores what it does not know."),
                           "RFC 9000 section 18.1" };
  else
    *text = (QsFieldText){ _ ("unknown"),
                           N_ ("Not registered, or newer than this program. Peers ignore what they do not know."),
                           "RFC 9000 section 7.4.2" };
  return text;
}

static void
describe_parameter (QsScribe *scribe)
{
  QsReader ahead = scribe->reader;
  QsTransportParameter parameter = { .id = qs_reader_varint (&ahead) };
  QsFieldText text;

  parameter.value = qs_reader_span (&ahead, qs_reader_varint (&ahead));
  if (!ahead.ok)
    {
      scribe->reader.ok = FALSE;
      return;
    }
  const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter.id);
  QsScribe part =
      qs_scribe_open_length (scribe, ahead.at - scribe->reader.at, parameter_text (parameter.id, info, &text));
  qs_field_take_value (part.parent, qs_transport_parameter_format (&parameter));
  qs_scribe_varint (&part, QS_FIELD_TEXT ("ID", N_ ("Which parameter this is."), "RFC 9000 section 18"));
  qs_scribe_varint (&part, QS_FIELD_TEXT ("Length", N_ ("How many bytes follow."), "RFC 9000 section 18"));

  QsScribe value = qs_scribe_init (part.parent, parameter.value, part.space, part.base + part.reader.at, part.room);
  describe_value (&value, info);
  qs_scribe_close (&value);
}

void
qs_scribe_transport_parameters (QsScribe *scribe)
{
  while (scribe->reader.ok && qs_scribe_more (scribe))
    describe_parameter (scribe);
}

QsField *
qs_describe_transport_parameters (QsSpan bytes, QsFieldSpace space, gsize offset)
{
  guint room = QS_SCRIBE_ROOM;
  QsField *field = qs_field_new ("QUIC Transport Parameters", space, offset, bytes.length);

  qs_field_explain (field, _ ("What its sender allows and wants of the connection: limits, times and connection IDs."),
                    "RFC 9000 section 7.4");
  QsScribe scribe = qs_scribe_init (field, bytes, space, offset, &room);
  qs_scribe_transport_parameters (&scribe);
  qs_scribe_close (&scribe);
  return field;
}
