/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of filter expressions: fields, names and numbers, and what is said of those that are none. */
#include <string.h>

#include "base/qs-i18n.h"
#include "trace/qs-filter-private.h"

#define FRAME(type) (G_GUINT64_CONSTANT (1) << (type))

static const QsFilterName direction_names[] = {
  { "rx", 1 << QS_DIRECTION_RECEIVED },
  { "received", 1 << QS_DIRECTION_RECEIVED },
  { "in", 1 << QS_DIRECTION_RECEIVED },
  { "tx", 1 << QS_DIRECTION_SENT },
  { "sent", 1 << QS_DIRECTION_SENT },
  { "out", 1 << QS_DIRECTION_SENT },
  { NULL, 0 },
};

static const QsFilterName end_names[] = { { "client", 1 }, { "server", 2 }, { NULL, 0 } };

static const QsFilterName type_names[] = {
  { "initial", 1 << QS_PACKET_INITIAL },
  { "handshake", 1 << QS_PACKET_HANDSHAKE },
  { "1rtt", 1 << QS_PACKET_1RTT },
  { "short", 1 << QS_PACKET_1RTT },
  { "0rtt", 1 << QS_PACKET_0RTT },
  { "retry", 1 << QS_PACKET_RETRY },
  { "versionnegotiation", 1 << QS_PACKET_VERSION_NEGOTIATION },
  { "vn", 1 << QS_PACKET_VERSION_NEGOTIATION },
  { "statelessreset", 1 << QS_PACKET_STATELESS_RESET },
  { "unknown", 1 << QS_PACKET_UNKNOWN },
  { "tlsrecord", 1 << QS_PACKET_TLS_RECORD },
  { "record", 1 << QS_PACKET_TLS_RECORD },
  { NULL, 0 },
};

static const QsFilterName frame_names[] = {
  { "padding", FRAME (QS_FRAME_PADDING) },
  { "ping", FRAME (QS_FRAME_PING) },
  { "ack", FRAME (QS_FRAME_ACK) },
  { "resetstream", FRAME (QS_FRAME_RESET_STREAM) },
  { "reset", FRAME (QS_FRAME_RESET_STREAM) },
  { "stopsending", FRAME (QS_FRAME_STOP_SENDING) },
  { "crypto", FRAME (QS_FRAME_CRYPTO) },
  { "newtoken", FRAME (QS_FRAME_NEW_TOKEN) },
  { "stream", FRAME (QS_FRAME_STREAM) },
  { "maxdata", FRAME (QS_FRAME_MAX_DATA) },
  { "maxstreamdata", FRAME (QS_FRAME_MAX_STREAM_DATA) },
  { "maxstreams", FRAME (QS_FRAME_MAX_STREAMS_BIDI) | FRAME (QS_FRAME_MAX_STREAMS_UNI) },
  { "datablocked", FRAME (QS_FRAME_DATA_BLOCKED) },
  { "streamdatablocked", FRAME (QS_FRAME_STREAM_DATA_BLOCKED) },
  { "streamsblocked", FRAME (QS_FRAME_STREAMS_BLOCKED_BIDI) | FRAME (QS_FRAME_STREAMS_BLOCKED_UNI) },
  { "blocked", FRAME (QS_FRAME_DATA_BLOCKED) | FRAME (QS_FRAME_STREAM_DATA_BLOCKED) |
                   FRAME (QS_FRAME_STREAMS_BLOCKED_BIDI) | FRAME (QS_FRAME_STREAMS_BLOCKED_UNI) },
  { "newconnectionid", FRAME (QS_FRAME_NEW_CONNECTION_ID) },
  { "retireconnectionid", FRAME (QS_FRAME_RETIRE_CONNECTION_ID) },
  { "pathchallenge", FRAME (QS_FRAME_PATH_CHALLENGE) },
  { "pathresponse", FRAME (QS_FRAME_PATH_RESPONSE) },
  { "connectionclose", FRAME (QS_FRAME_CONNECTION_CLOSE) | FRAME (QS_FRAME_CONNECTION_CLOSE_APP) },
  { "close", FRAME (QS_FRAME_CONNECTION_CLOSE) | FRAME (QS_FRAME_CONNECTION_CLOSE_APP) },
  { "handshakedone", FRAME (QS_FRAME_HANDSHAKE_DONE) },
  { "immediateack", FRAME (QS_FRAME_IMMEDIATE_ACK) },
  { "resetstreamat", FRAME (QS_FRAME_RESET_STREAM_AT) },
  { "ackfrequency", FRAME (QS_FRAME_ACK_FREQUENCY) },
  { "datagram", FRAME (QS_FRAME_DATAGRAM) },
  { "pathack", FRAME (QS_FRAME_PATH_ACK) },
  { "pathabandon", FRAME (QS_FRAME_PATH_ABANDON) },
  { "pathstatus", FRAME (QS_FRAME_PATH_STATUS_BACKUP) | FRAME (QS_FRAME_PATH_STATUS_AVAILABLE) },
  { "pathnewconnectionid", FRAME (QS_FRAME_PATH_NEW_CONNECTION_ID) },
  { "pathretireconnectionid", FRAME (QS_FRAME_PATH_RETIRE_CONNECTION_ID) },
  { "maxpathid", FRAME (QS_FRAME_MAX_PATH_ID) },
  { "pathsblocked", FRAME (QS_FRAME_PATHS_BLOCKED) },
  { "pathcidsblocked", FRAME (QS_FRAME_PATH_CIDS_BLOCKED) },
  { "unknown", FRAME (QS_FRAME_UNKNOWN) },
  { NULL, 0 },
};

/* Words that stand alone. */
static const QsFilterName flag_names[] = {
  { "lost", QS_PACKET_LOST },
  { "acked", QS_PACKET_ACKED },
  { "acknowledged", QS_PACKET_ACKED },
  { "retransmission", QS_PACKET_RETRANSMISSION },
  { "retransmitted", QS_PACKET_RETRANSMISSION },
  { "decrypted", QS_PACKET_DECRYPTED },
  { "duplicate", QS_PACKET_DUPLICATE },
  { "corrupt", QS_PACKET_CORRUPT },
  { "dropped", QS_PACKET_DROPPED },
  { "keyupdate", QS_PACKET_KEY_UPDATE },
  { "keyphase", QS_PACKET_KEY_PHASE },
  { "coalesced", QS_PACKET_COALESCED },
  { "eliciting", QS_PACKET_ACK_ELICITING },
  { NULL, 0 },
};

static const QsFilterSubject keys[] = {
  { "dir", QS_FILTER_DIRECTION, QS_FILTER_VALUE_NAME, 0, direction_names },
  { "direction", QS_FILTER_DIRECTION, QS_FILTER_VALUE_NAME, 0, direction_names },
  { "from", QS_FILTER_END, QS_FILTER_VALUE_NAME, 0, end_names },
  { "type", QS_FILTER_TYPE, QS_FILTER_VALUE_NAME, 0, type_names },
  { "frame", QS_FILTER_FRAME, QS_FILTER_VALUE_NAME, 0, frame_names },
  { "message", QS_FILTER_MESSAGE, QS_FILTER_VALUE_NAME, 0, NULL },
  { "tls", QS_FILTER_MESSAGE, QS_FILTER_VALUE_NAME, 0, NULL },
  { "stream", QS_FILTER_STREAM, QS_FILTER_VALUE_NUMBER, 0, NULL },
  { "pn", QS_FILTER_NUMBER, QS_FILTER_VALUE_NUMBER, QS_FILTER_FIELD_PN, NULL },
  { "number", QS_FILTER_NUMBER, QS_FILTER_VALUE_NUMBER, QS_FILTER_FIELD_PN, NULL },
  { "size", QS_FILTER_NUMBER, QS_FILTER_VALUE_SIZE, QS_FILTER_FIELD_SIZE, NULL },
  { "length", QS_FILTER_NUMBER, QS_FILTER_VALUE_SIZE, QS_FILTER_FIELD_SIZE, NULL },
  { "payload", QS_FILTER_NUMBER, QS_FILTER_VALUE_SIZE, QS_FILTER_FIELD_PAYLOAD, NULL },
  { "frames", QS_FILTER_NUMBER, QS_FILTER_VALUE_NUMBER, QS_FILTER_FIELD_FRAMES, NULL },
  { "version", QS_FILTER_NUMBER, QS_FILTER_VALUE_VERSION, QS_FILTER_FIELD_VERSION, NULL },
  { "time", QS_FILTER_NUMBER, QS_FILTER_VALUE_TIME, QS_FILTER_FIELD_TIME, NULL },
  { "datagram", QS_FILTER_NUMBER, QS_FILTER_VALUE_NUMBER, QS_FILTER_FIELD_DATAGRAM, NULL },
};

char *
qs_filter_normalize (const char *text, gsize length)
{
  GString *out = g_string_sized_new (length);

  for (gsize i = 0; i < length; i++)
    {
      if (text[i] != '_' && text[i] != '-')
        g_string_append_c (out, g_ascii_tolower (text[i]));
    }
  return g_string_free (out, FALSE);
}

/* --- Names --- */

guint64
qs_filter_find_name (const QsFilterName *names, const char *text, gsize length)
{
  g_autofree char *wanted = qs_filter_normalize (text, length);

  for (; names->name != NULL; names++)
    {
      if (strcmp (names->name, wanted) == 0)
        return names->mask;
    }
  return 0;
}

const QsFilterSubject *
qs_filter_find_subject (const char *text, gsize length)
{
  g_autofree char *wanted = qs_filter_normalize (text, length);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (strcmp (keys[i].name, wanted) == 0)
        return &keys[i];
    }
  return NULL;
}

gboolean
qs_filter_find_bare (const char *text, gsize length, QsFilterNode *node)
{
  static const struct {
    const QsFilterName *names;
    QsFilterOp op;
  } kinds[] = {
    { flag_names, QS_FILTER_FLAG },           { type_names, QS_FILTER_TYPE }, { frame_names, QS_FILTER_FRAME },
    { direction_names, QS_FILTER_DIRECTION }, { end_names, QS_FILTER_END },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      node->op = kinds[i].op;
      node->mask = qs_filter_find_name (kinds[i].names, text, length);
      if (node->mask != 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
qs_filter_find_value (const QsFilterSubject *key, const char *text, gsize length, QsFilterNode *node)
{
  node->op = key->op;
  node->mask = qs_filter_find_name (key->names, text, length);
  if (node->mask == 0 && key->op == QS_FILTER_DIRECTION)
    {
      node->op = QS_FILTER_END;
      node->mask = qs_filter_find_name (end_names, text, length);
    }
  return node->mask != 0;
}

const char *
qs_filter_name_hint (QsFilterOp op)
{
  switch (op)
    {
    case QS_FILTER_DIRECTION:
      return _ ("“%s” is no direction: rx or tx was expected.");
    case QS_FILTER_END:
      return _ ("“%s” is no side: client or server was expected.");
    case QS_FILTER_TYPE:
      return _ ("“%s” is no packet type: initial, handshake, 1rtt, 0rtt, retry or vn was expected.");
    case QS_FILTER_FRAME:
    case QS_FILTER_AND:
    case QS_FILTER_OR:
    case QS_FILTER_NOT:
    case QS_FILTER_FLAG:
    case QS_FILTER_NUMBER:
    case QS_FILTER_STREAM:
    case QS_FILTER_MESSAGE:
    case QS_FILTER_TEXT:
    default:
      return _ ("“%s” is no frame: one such as ack, crypto, stream, max_data or connection_close was expected.");
    }
}

/* --- Numbers --- */

static const struct {
  QsFilterValue kind;
  const char *unit;
  double factor;
} units[] = {
  { QS_FILTER_VALUE_SIZE, "b", 1 },         { QS_FILTER_VALUE_SIZE, "k", 1000 },
  { QS_FILTER_VALUE_SIZE, "kb", 1000 },     { QS_FILTER_VALUE_SIZE, "kib", 1024 },
  { QS_FILTER_VALUE_SIZE, "m", 1000000 },   { QS_FILTER_VALUE_SIZE, "mb", 1000000 },
  { QS_FILTER_VALUE_SIZE, "mib", 1048576 }, { QS_FILTER_VALUE_SIZE, "", 1 },
  { QS_FILTER_VALUE_TIME, "ns", 1 },        { QS_FILTER_VALUE_TIME, "us", 1e3 },
  { QS_FILTER_VALUE_TIME, "µs", 1e3 },      { QS_FILTER_VALUE_TIME, "ms", 1e6 },
  { QS_FILTER_VALUE_TIME, "s", 1e9 },       { QS_FILTER_VALUE_TIME, "min", 60e9 },
  { QS_FILTER_VALUE_TIME, "", 1e6 },        { QS_FILTER_VALUE_NUMBER, "", 1 },
  { QS_FILTER_VALUE_VERSION, "", 1 },
};

/* A number with its unit, from text that ends at end. */
static gboolean
read_number (QsFilterValue kind, const char *text, const char *end, gint64 *value)
{
  g_autofree char *copy = g_strndup (text, (gsize) (end - text));
  char *rest = NULL;
  guint64 whole;

  if (g_ascii_strncasecmp (copy, "0x", 2) == 0)
    {
      if (!g_ascii_string_to_unsigned (copy + 2, 16, 0, G_MAXINT64, &whole, NULL))
        return FALSE;
      *value = (gint64) whole;
      return TRUE;
    }
  if (g_ascii_string_to_unsigned (copy, 10, 0, G_MAXINT64, &whole, NULL) && kind != QS_FILTER_VALUE_TIME)
    {
      *value = (gint64) whole;
      return TRUE;
    }
  double number = g_ascii_isdigit (copy[0]) ? g_ascii_strtod (copy, &rest) : -1;
  if (number < 0 || rest == copy)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (units[i].kind == kind && g_ascii_strcasecmp (units[i].unit, rest) == 0)
        {
          number *= units[i].factor;
          *value = number < 9e18 ? (gint64) number : G_MAXINT64;
          return TRUE;
        }
    }
  return FALSE;
}

static const char *
find_dots (const char *text, gsize length)
{
  return g_strstr_len (text, (gssize) length, "..");
}

/* "7", "3..7", "3..", "..7". */
gboolean
qs_filter_read_range (QsFilterValue kind, const char *text, gsize length, gint64 *low, gint64 *high)
{
  const char *end = text + length, *dots = find_dots (text, length);
  gboolean ok = TRUE;

  *low = 0;
  *high = G_MAXINT64;
  if (dots == NULL)
    {
      ok = read_number (kind, text, end, low);
      *high = *low;
    }
  else
    {
      if (dots > text)
        ok = read_number (kind, text, dots, low);
      if (dots + 2 < end)
        ok = ok && read_number (kind, dots + 2, end, high);
      ok = ok && end - text > 2;
    }
  return ok;
}

const char *
qs_filter_number_hint (QsFilterValue kind)
{
  switch (kind)
    {
    case QS_FILTER_VALUE_TIME:
      return _ ("“%s” is not a time: give one as 5ms, 1.2s or 3ms..8ms.");
    case QS_FILTER_VALUE_SIZE:
      return _ ("“%s” is not a size: give one as 1200, 2kb or 40..100.");
    case QS_FILTER_VALUE_VERSION:
      return _ ("“%s” is not a version: give one as 1 or 0x6b3343cf.");
    case QS_FILTER_VALUE_NUMBER:
    case QS_FILTER_VALUE_NAME:
    default:
      return _ ("“%s” is not a number: give one as 4 or 3..7.");
    }
}
