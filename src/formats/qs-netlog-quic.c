/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A QUIC session of Chromium's log. Each event becomes an event of a qlog, and goes the way of these. Two things are to be put in order:
 * a packet that is sent is told of behind its frames, one that is received before them; and between a received packet and the last
 * of its frames stands what was sent because of the first. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-netlog-frames.h"
#include "formats/qs-netlog-private.h"
#include "formats/qs-qlog-events.h"
#include "formats/qs-qlog-private.h"
#include "trace/qs-trace-messages.h"

#define MAX_FRAMES 4096  /* of a packet, and that wait for one */
#define MAX_WAITING 4096 /* events behind a packet that is not whole yet */
#define MAX_CRYPTO (1u << 20)
#define MAX_LIST 4096
#define PREFIX "QUIC_SESSION_"

enum { LEVEL_INITIAL, LEVEL_HANDSHAKE, LEVEL_1RTT, N_LEVELS };

/* CRYPTO bytes that came in a packet. */
typedef struct {
  guint level;
  guint64 offset;
  GBytes *bytes;
} Crypto;

/* An event of a qlog that is made. Of packets, data is made of the rest when it goes on. */
typedef struct {
  const char *name;
  double ms;
  GString *data;      /* members of its data */
  const char *packet; /* qlog's packet_type; NULL: it is none */
  guint64 number;     /* G_MAXUINT64: not told */
  guint64 length;     /* 0: not told */
  guint64 datagram;
  GPtrArray *frames; /* char *: JSON */
  GArray *crypto;    /* Crypto */
  gboolean open;     /* there may be more of it */
  gboolean sent;
  gboolean known; /* received: its header was told of */
} Entry;

struct _QsNetlogQuic {
  QsQlogEvents *events;
  QsTrace *trace; /* the events' */
  QsJsonText *json;
  GString *text;
  double start;
  double last;
  GQueue waiting;         /* Entry */
  GPtrArray *sent_frames; /* of the next packet that is sent */
  Entry *received;        /* whose frames are being told of; in waiting */
  guint64 n_datagrams[2];
  guint n_read;      /* packets whose headers were read */
  GHashTable *types; /* number -> packet type, of packets sent that are not 1-RTT */
  QsReassembly *streams[N_LEVELS];
  guint64 control[2]; /* HTTP/3's control streams: ours, the peer's */
  gboolean began, handshake_done;
  gboolean settled; /* which end's log it is */
  gboolean closed_by_frame;
  char *end; /* why, in Chromium's words */
};

/* --- Entries --- */

static void
crypto_clear (Crypto *crypto)
{
  g_clear_pointer (&crypto->bytes, g_bytes_unref);
}

static void
entry_free (Entry *entry)
{
  g_string_free (entry->data, TRUE);
  g_clear_pointer (&entry->frames, g_ptr_array_unref);
  g_clear_pointer (&entry->crypto, g_array_unref);
  g_free (entry);
}

static Entry *
push (QsNetlogQuic *self, const char *name, double ms)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->name = name;
  entry->ms = ms;
  entry->data = g_string_new (NULL);
  entry->number = G_MAXUINT64;
  g_queue_push_tail (&self->waiting, entry);
  return entry;
}

static Entry *
push_packet (QsNetlogQuic *self, const char *name, double ms, gboolean sent)
{
  Entry *entry = push (self, name, ms);

  entry->packet = "unknown";
  entry->sent = sent;
  entry->open = TRUE;
  entry->frames = g_ptr_array_new_with_free_func (g_free);
  return entry;
}

static void
write_packet (GString *out, const Entry *entry)
{
  g_string_append_printf (out, "\"header\":{\"packet_type\":\"%s\"", entry->packet);
  if (entry->number != G_MAXUINT64)
    {
      g_string_append (out, ",\"packet_number\":");
      qs_qlog_put_uint (out, entry->number);
    }
  g_string_append_printf (out, "},\"datagram_id\":%" G_GUINT64_FORMAT ",\"raw\":{\"length\":%" G_GUINT64_FORMAT "}",
                          entry->datagram, entry->length);
  g_string_append (out, ",\"frames\":[");
  for (guint i = 0; i < entry->frames->len; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? "," : "", (const char *) entry->frames->pdata[i]);
  g_string_append_c (out, ']');
  g_string_append_printf (out, "%s%s", entry->data->len > 0 ? "," : "", entry->data->str);
}

static gint64
time_of (QsNetlogQuic *self, double ms)
{
  return (gint64) (CLAMP (ms - self->start, 0, 1e12) * 1e6);
}

/* The server's messages are in the log, byte by byte; the client's are not. */
static void
take_crypto (QsNetlogQuic *self, const Entry *entry)
{
  static const QsPacketType levels[] = { QS_PACKET_INITIAL, QS_PACKET_HANDSHAKE, QS_PACKET_1RTT };
  guint32 packet = qs_trace_get_n_packets (self->trace) - 1;

  for (guint i = 0; entry->crypto != NULL && i < entry->crypto->len; i++)
    {
      const Crypto *crypto = &g_array_index (entry->crypto, Crypto, i);
      QsReassembly **stream = &self->streams[crypto->level];
      QsTraceMessage as = { .time = time_of (self, entry->ms),
                            .packet = packet,
                            .direction = QS_DIRECTION_RECEIVED,
                            .level = levels[crypto->level] };

      if (*stream == NULL)
        *stream = qs_reassembly_new (0, MAX_CRYPTO);
      qs_reassembly_add (*stream, crypto->offset,
                         QS_SPAN (g_bytes_get_data (crypto->bytes, NULL), g_bytes_get_size (crypto->bytes)), packet);
      qs_trace_add_messages (self->trace, *stream, &as, TRUE, NULL, NULL);
    }
}

static void
write_entry (QsNetlogQuic *self, const Entry *entry)
{
  gint64 us = time_of (self, entry->ms) / 1000;

  g_string_printf (self->text, "{\"time\":%" G_GINT64_FORMAT ".%03u,\"name\":\"%s\",\"data\":{", us / 1000,
                   (guint) (us % 1000), entry->name);
  if (entry->packet != NULL)
    write_packet (self->text, entry);
  else
    g_string_append (self->text, entry->data->str);
  g_string_append (self->text, "}}");
  if (!qs_json_text_parse (self->json, self->text->str, self->text->len, NULL))
    return;
  guint n_before = qs_trace_get_n_packets (self->trace);
  qs_qlog_events_add (self->events, qs_json_text_get_root (self->json));
  if (qs_trace_get_n_packets (self->trace) > n_before)
    take_crypto (self, entry);
}

/* Hands on what is whole, in the log's order. */
static void
drain (QsNetlogQuic *self)
{
  for (Entry *entry; (entry = g_queue_peek_head (&self->waiting)) != NULL;)
    {
      if (entry->open && g_queue_get_length (&self->waiting) < MAX_WAITING)
        return;
      if (entry == self->received)
        self->received = NULL;
      g_queue_pop_head (&self->waiting);
      write_entry (self, entry);
      entry_free (entry);
    }
}

/* --- What was sent --- */

static const struct {
  const char *level;
  const char *packet;
  guint crypto;
} levels[] = {
  { "ENCRYPTION_INITIAL", "initial", LEVEL_INITIAL },
  { "ENCRYPTION_HANDSHAKE", "handshake", LEVEL_HANDSHAKE },
  { "ENCRYPTION_ZERO_RTT", "0RTT", LEVEL_1RTT },
  { "ENCRYPTION_FORWARD_SECURE", "1RTT", LEVEL_1RTT },
};

static guint
find_level (QsJson params)
{
  const char *name = qs_json_get_string (params, "encryption_level");

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (levels); i++)
    {
      if (strcmp (levels[i].level, name) == 0)
        return i;
    }
  return G_N_ELEMENTS (levels) - 1;
}

/* A datagram of several packets is told of behind them; one of a single one in 1-RTT need not be. */
static void
close_sent (QsNetlogQuic *self)
{
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      if (!entry->sent || !entry->open)
        continue;
      entry->datagram = ++self->n_datagrams[QS_DIRECTION_SENT];
      entry->open = FALSE;
    }
}

static void
on_packet_sent (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  const char *why = qs_json_get_string (event->params, "transmission_type");
  guint level = find_level (event->params);
  double us;

  /* The log's time is in milliseconds; the packet's own is finer, and of the same clock. */
  if (qs_json_get_double (event->params, "sent_time_us", &us))
    {
      double fraction = us / 1000 - (double) (gint64) (us / 1000);
      if (ms + fraction >= self->last && fraction >= 0)
        ms += fraction;
    }
  self->last = MAX (self->last, ms);
  if (self->received != NULL && !self->received->known && self->n_read == 0 && level == 0 &&
      g_strcmp0 (why, "HANDSHAKE_RETRANSMISSION") == 0)
    {
      /* What cannot be read as another, and has the client begin anew: RFC 9000 section 17.2.5.2. */
      self->received->packet = "retry";
      self->received->name = "transport:packet_received";
      self->received->known = TRUE;
    }
  Entry *entry = push_packet (self, "transport:packet_sent", ms, TRUE);
  entry->packet = levels[level].packet;
  qs_json_get_uint (event->params, "packet_number", &entry->number);
  qs_json_get_uint (event->params, "size", &entry->length);
  g_ptr_array_unref (entry->frames);
  entry->frames = g_steal_pointer (&self->sent_frames);
  self->sent_frames = g_ptr_array_new_with_free_func (g_free);
  if (level < G_N_ELEMENTS (levels) - 1)
    g_hash_table_insert (self->types, g_memdup2 (&entry->number, sizeof entry->number), (gpointer) entry->packet);
}

static gboolean
is_padding (GPtrArray *frames, guint index)
{
  return g_str_has_prefix (frames->pdata[index], "{\"frame_type\":\"padding\"");
}

/* An Initial is made anew when its datagram is: its frames are told of once more, with the padding behind them. */
static void
take_again (QsNetlogQuic *self, Entry *initial)
{
  GPtrArray *told = self->sent_frames, *had = initial->frames;
  guint n_padding = told->len > 0 && is_padding (told, told->len - 1) ? 1 : 0;
  guint from = told->len - n_padding - had->len;

  if (told->len < n_padding + had->len)
    return;
  for (guint i = 0; i < had->len; i++)
    {
      if (strcmp (told->pdata[from + i], had->pdata[i]) != 0)
        return;
    }
  if (n_padding > 0)
    g_ptr_array_add (had, g_strdup (told->pdata[told->len - 1]));
  g_ptr_array_set_size (told, (int) from);
}

static guint64
find_number (const char *text, const char *name)
{
  const char *at = strstr (text, name);

  return at != NULL ? MIN (g_ascii_strtoull (at + strlen (name), NULL, 10), 65535) : 0;
}

/* "total_length: 1250 padding_size: 249 packets: {ENCRYPTION_INITIAL, ENCRYPTION_HANDSHAKE}" */
static void
on_datagram_sent (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  const char *info = qs_json_get_string (event->params, "info");
  const char *list = info != NULL ? strchr (info, '{') : NULL;
  guint64 datagram = self->n_datagrams[QS_DIRECTION_SENT] + 1;
  gboolean any = FALSE;

  for (GList *link = self->waiting.head; list != NULL && link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      if (!entry->sent || !entry->open)
        continue;
      entry->datagram = datagram;
      entry->open = FALSE;
      if (strcmp (entry->packet, "initial") == 0)
        {
          entry->length += find_number (info, "padding_size: ");
          take_again (self, entry);
        }
      any = TRUE;
      list = strchr (list, ',');
      list = list != NULL ? list + 1 : NULL;
    }
  self->n_datagrams[QS_DIRECTION_SENT] += any;
}

static void
on_packet_lost (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  guint64 number;

  if (!qs_json_get_uint (event->params, "packet_number", &number))
    return;
  const char *type = g_hash_table_lookup (self->types, &number);
  Entry *entry = push (self, "recovery:packet_lost", ms);
  g_string_printf (entry->data, "\"header\":{\"packet_type\":\"%s\",\"packet_number\":", type != NULL ? type : "1RTT");
  qs_qlog_put_uint (entry->data, number);
  g_string_append_c (entry->data, '}');
}

/* --- What was received --- */

static void
close_received (QsNetlogQuic *self)
{
  if (self->received != NULL)
    self->received->open = FALSE;
  self->received = NULL;
}

static void
take_addresses (QsNetlogQuic *self, QsJson params)
{
  g_autoptr (GSocketAddress) own = qs_netlog_get_address (params, "self_address");
  g_autoptr (GSocketAddress) peer = qs_netlog_get_address (params, "peer_address");

  if (own != NULL && peer != NULL && qs_trace_get_path (self->trace, 0) == NULL)
    qs_trace_add_path (self->trace, own, peer);
}

/* Until a header is told of it is something that nobody could read. */
static void
on_datagram_received (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  close_received (self);
  take_addresses (self, event->params);
  self->received = push_packet (self, "transport:packet_dropped", ms, FALSE);
  self->received->datagram = ++self->n_datagrams[QS_DIRECTION_RECEIVED];
  qs_json_get_uint (event->params, "size", &self->received->length);
}

static Entry *
ensure_received (QsNetlogQuic *self, double ms)
{
  if (self->received != NULL && !self->received->known)
    return self->received;
  close_received (self);
  self->received = push_packet (self, "transport:packet_dropped", ms, FALSE);
  self->received->datagram = self->n_datagrams[QS_DIRECTION_RECEIVED];
  return self->received;
}

static const struct {
  const char *theirs;
  const char *packet;
} long_types[] = {
  { "INITIAL", "initial" },
  { "HANDSHAKE", "handshake" },
  { "ZERO_RTT_PROTECTED", "0RTT" },
  { "RETRY", "retry" },
  { "VERSION_NEGOTIATION", "version_negotiation" },
};

static void
on_header_received (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  const char *type = qs_json_get_string (event->params, "long_header_type");
  Entry *entry = ensure_received (self, ms);

  entry->known = TRUE;
  entry->packet = "1RTT";
  for (guint i = 0; type != NULL && i < G_N_ELEMENTS (long_types); i++)
    {
      if (strcmp (long_types[i].theirs, type) == 0)
        entry->packet = long_types[i].packet;
    }
  qs_json_get_uint (event->params, "packet_number", &entry->number);
  g_string_assign (entry->data, "\"trigger\":\"payload_decrypt_error\""); /* as long as nothing else is said of it */
}

static void
on_authenticated (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  if (self->received == NULL || !self->received->known)
    return;
  self->n_read++;
  self->received->name = "transport:packet_received";
  g_string_truncate (self->received->data, 0);
}

static void
on_duplicate (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  if (self->received == NULL)
    return;
  self->received->name = "transport:packet_dropped";
  g_string_assign (self->received->data, "\"trigger\":\"duplicate\"");
}

/* Put by until its keys come: then its header is told of. */
static void
on_buffered (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  if (self->received != NULL && !self->received->known)
    self->received->packet = levels[find_level (event->params)].packet;
}

static void
on_again (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  close_received (self);
  self->n_datagrams[QS_DIRECTION_RECEIVED]++;
}

/* As Chromium calls them: "RFCv1", "draft29", "Q050", "T051", or hex digits. */
static char *
dup_version (const char *name)
{
  gsize length = strcspn (name, ", ");
  guint draft = strncmp (name, "draft", 5) == 0 ? (guint) g_ascii_strtoull (name + 5, NULL, 10) : 0;

  if (strncmp (name, "RFCv1", length) == 0)
    return g_strdup ("00000001");
  if (strncmp (name, "RFCv2", length) == 0)
    return g_strdup_printf ("%08x", QS_QUIC_VERSION_2);
  if (draft > 0 && draft < 256)
    return g_strdup_printf ("%08x", QS_QUIC_DRAFT (draft));
  if (length == 4 && (*name == 'Q' || *name == 'T'))
    return g_strdup_printf ("%02x%02x%02x%02x", (guint8) name[0], (guint8) name[1], (guint8) name[2], (guint8) name[3]);
  return NULL;
}

static void
on_version_negotiation (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  Entry *entry = ensure_received (self, ms);

  QsJson list = qs_json_get (event->params, "versions");

  entry->known = TRUE;
  entry->packet = "version_negotiation";
  entry->name = "transport:packet_received";
  g_string_assign (entry->data, "\"supported_versions\":[");
  for (QsJson value = qs_json_first (list); qs_json_is_there (value) && entry->data->len < MAX_LIST;
       value = qs_json_next (list, value))
    {
      const char *name = qs_json_string (value);
      g_autofree char *version = name != NULL ? dup_version (name) : NULL;

      if (version != NULL)
        g_string_append_printf (entry->data, "%s\"%s\"", entry->data->str[entry->data->len - 1] == '[' ? "" : ",",
                                version);
    }
  g_string_append_c (entry->data, ']');
}

static void
take_bytes (QsNetlogQuic *self, QsJson params)
{
  Crypto crypto = { levels[find_level (params)].crypto, 0, qs_netlog_get_bytes (params, "bytes") };

  if (crypto.bytes == NULL || !qs_json_get_uint (params, "offset", &crypto.offset))
    {
      crypto_clear (&crypto);
      return;
    }
  if (self->received->crypto == NULL)
    {
      self->received->crypto = g_array_new (FALSE, FALSE, sizeof (Crypto));
      g_array_set_clear_func (self->received->crypto, (GDestroyNotify) crypto_clear);
    }
  g_array_append_val (self->received->crypto, crypto);
}

/* --- Frames --- */

static gboolean
take_frame (QsNetlogQuic *self, const QsNetlogEvent *event)
{
  const char *what = event->type + strlen (PREFIX);
  gboolean sent = g_str_has_suffix (what, "_SENT"), coalesced = g_str_has_suffix (what, "_COALESCED");
  const char *ending = sent ? "_SENT" : coalesced ? "_COALESCED" : "_RECEIVED";
  GPtrArray *frames = sent || coalesced ? self->sent_frames : self->received != NULL ? self->received->frames : NULL;

  if (!g_str_has_suffix (what, ending) || frames == NULL || frames->len >= MAX_FRAMES)
    return FALSE;
  g_autoptr (GString) text = g_string_new (NULL);
  if (!qs_netlog_put_frame (text, what, strlen (what) - strlen (ending), event->params))
    return FALSE;
  if (coalesced && frames->len > 0) /* more was added to the last one: it is told of anew */
    g_ptr_array_set_size (frames, (int) frames->len - 1);
  g_ptr_array_add (frames, g_string_free (g_steal_pointer (&text), FALSE));
  if (!sent && !coalesced && strcmp (what, "CRYPTO_FRAME_RECEIVED") == 0)
    take_bytes (self, event->params);
  self->closed_by_frame |= strstr (what, "CONNECTION_CLOSE") == what;
  return TRUE;
}

/* --- The session --- */

static void
take_version (QsNetlogQuic *self, const char *name, double ms)
{
  g_autofree char *version = name != NULL ? dup_version (name) : NULL;

  if (version != NULL)
    g_string_printf (push (self, "transport:version_information", ms)->data, "\"chosen_version\":\"%s\"", version);
}

/* Chromium speaks HTTP/3 alone, of which each draft had a protocol's name of its own. */
static void
take_offer (QsNetlogQuic *self, const char *name)
{
  guint draft = name != NULL && strncmp (name, "draft", 5) == 0 ? (guint) g_ascii_strtoull (name + 5, NULL, 10) : 0;
  g_autofree char *protocol = draft > 0 && draft < 256                        ? g_strdup_printf ("h3-%u", draft)
                              : name != NULL && strncmp (name, "RFC", 3) == 0 ? g_strdup ("h3")
                                                                              : NULL;

  if (protocol != NULL)
    qs_trace_add_fact (self->trace, "offer.alpn", protocol);
}

static void
on_session (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  const char *host = qs_json_get_string (event->params, "host");
  guint64 port = 0;

  if (event->phase != QS_NETLOG_BEGIN || self->began)
    return;
  self->began = TRUE;
  take_version (self, qs_json_get_string (event->params, "versions"), ms);
  take_offer (self, qs_json_get_string (event->params, "versions"));
  if (host == NULL)
    return;
  g_autofree char *escaped = qs_text_escape (host, -1);
  qs_json_get_uint (event->params, "port", &port);
  QsMark mark = { .kind = QS_MARK_FACT, .name = "target", .stream = -1, .value = (gint64) MIN (port, G_MAXUINT16) };
  mark.text = g_strdup_printf (strchr (escaped, ':') != NULL ? "quic://[%s]" : "quic://%s", escaped);
  qs_trace_add_mark_full (self->trace, 0, &mark);
  if (!g_hostname_is_ip_address (host))
    qs_trace_add_fact (self->trace, "tls.sni", escaped);
}

static void
put_parameters (QsNetlogQuic *self, const QsNetlogEvent *event, double ms, const char *owner)
{
  const char *text = qs_json_get_string (event->params, "quic_transport_parameters");

  if (text == NULL)
    return;
  Entry *entry = push (self, "transport:parameters_set", ms);
  g_string_printf (entry->data, "\"owner\":\"%s\"", owner);
  qs_netlog_put_parameters (entry->data, text);
}

static void
on_parameters_sent (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  put_parameters (self, event, ms, "local");
}

static void
on_parameters_received (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  put_parameters (self, event, ms, "remote");
}

static void
on_version (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  take_version (self, qs_json_get_string (event->params, "version"), ms);
}

static void
on_handshake_complete (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  self->handshake_done = TRUE;
  g_string_assign (push (self, "connectivity:connection_state_updated", ms)->data, "\"new\":\"handshake_complete\"");
}

/* An end before the handshake is the end of an attempt. */
static void
fail (QsNetlogQuic *self, double ms)
{
  QsMark mark = { .kind = QS_MARK_OUTCOME, .name = "failed", .stream = -1 };

  if (self->handshake_done)
    return;
  mark.text = g_strdup ("handshake");
  qs_trace_add_mark_full (self->trace, time_of (self, ms), &mark);
}

/* Many ends are no frame on the wire. */
static void
on_closed (QsNetlogQuic *self, const QsNetlogNames *names, const QsNetlogEvent *event, double ms)
{
  const char *details = qs_json_get_string (event->params, "details");
  guint64 code = 0;

  if (self->end != NULL || !qs_json_get_uint (event->params, "quic_error", &code))
    return;
  const char *name = qs_netlog_names_get_quic_error (names, code);
  g_autofree char *escaped = qs_text_escape (details != NULL ? details : "", -1);
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, code);
  g_autofree char *called = qs_text_escape (name != NULL ? name : number, -1);
  self->end = *escaped != '\0'
                  /* Translators: an error's name in Chromium, and its words */
                  ? g_strdup_printf (_ ("Chromium says that the connection ended with %s: “%s”."), called, escaped)
                  : g_strdup_printf (_ ("Chromium says that the connection ended with %s."), called);
  fail (self, ms);
  /* Its header was read as one of 1-RTT, and what should be a packet number is noise. */
  if (g_strcmp0 (name, "QUIC_PUBLIC_RESET") != 0 || !qs_json_get_bool (event->params, "from_peer") ||
      self->received == NULL || strcmp (self->received->name, "transport:packet_dropped") != 0)
    return;
  self->received->packet = "stateless_reset";
  self->received->number = G_MAXUINT64;
  g_string_truncate (self->received->data, 0);
  self->received->name = "transport:packet_received";
  self->received->known = TRUE;
}

static void
take_http3 (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  g_autoptr (GString) data = g_string_new (NULL);
  const char *name;
  gboolean received = strstr (event->type, "_RECEIVED") != NULL;

  if (!qs_netlog_put_http3 (data, event->type, event->params, self->control[received], &name))
    return;
  if (strcmp (event->type, "HTTP3_LOCAL_CONTROL_STREAM_CREATED") == 0)
    qs_json_get_uint (event->params, "stream_id", &self->control[0]);
  if (strcmp (event->type, "HTTP3_PEER_CONTROL_STREAM_CREATED") == 0)
    qs_json_get_uint (event->params, "stream_id", &self->control[1]);
  g_string_assign (push (self, name, ms)->data, data->str);
}

/* Whose log it is shows by what only a server sends, or only a client does. Chromium's servers of Google's own QUIC write such logs too. */
static const struct {
  const char *type, *param, *start;
  gboolean server;
} proofs[] = {
  { "QUIC_SESSION_CRYPTO_HANDSHAKE_MESSAGE_RECEIVED", "quic_crypto_handshake_message", "CHLO", TRUE },
  { "QUIC_SESSION_CRYPTO_HANDSHAKE_MESSAGE_SENT", "quic_crypto_handshake_message", "REJ", TRUE },
  { "QUIC_SESSION_CRYPTO_HANDSHAKE_MESSAGE_SENT", "quic_crypto_handshake_message", "SHLO", TRUE },
  { "QUIC_SESSION_CRYPTO_HANDSHAKE_MESSAGE_SENT", "quic_crypto_handshake_message", "CHLO", FALSE },
  { "QUIC_SESSION_TRANSPORT_PARAMETERS_SENT", "quic_transport_parameters", "[Server", TRUE },
  { "QUIC_SESSION_TRANSPORT_PARAMETERS_SENT", "quic_transport_parameters", "[Client", FALSE },
};

static void
settle_end (QsNetlogQuic *self, const QsNetlogEvent *event)
{
  for (guint i = 0; i < G_N_ELEMENTS (proofs) && !self->settled; i++)
    {
      const char *text =
          strcmp (proofs[i].type, event->type) == 0 ? qs_json_get_string (event->params, proofs[i].param) : NULL;

      if (text == NULL || !g_str_has_prefix (text, proofs[i].start))
        continue;
      self->settled = TRUE;
      if (proofs[i].server)
        qs_qlog_events_turn (self->events);
    }
}

static const struct {
  const char *type;
  void (*handle) (QsNetlogQuic *self, const QsNetlogEvent *event, double ms);
} handlers[] = {
  { "QUIC_SESSION", on_session },
  { "QUIC_SESSION_PACKET_SENT", on_packet_sent },
  { "QUIC_SESSION_COALESCED_PACKET_SENT", on_datagram_sent },
  { "QUIC_SESSION_PACKET_LOST", on_packet_lost },
  { "QUIC_SESSION_PACKET_RECEIVED", on_datagram_received },
  { "QUIC_SESSION_UNAUTHENTICATED_PACKET_HEADER_RECEIVED", on_header_received },
  { "QUIC_SESSION_PACKET_AUTHENTICATED", on_authenticated },
  { "QUIC_SESSION_DUPLICATE_PACKET_RECEIVED", on_duplicate },
  { "QUIC_SESSION_BUFFERED_UNDECRYPTABLE_PACKET", on_buffered },
  { "QUIC_SESSION_DROPPED_UNDECRYPTABLE_PACKET", on_buffered },
  { "QUIC_SESSION_ATTEMPTING_TO_PROCESS_UNDECRYPTABLE_PACKET", on_again },
  { "QUIC_SESSION_VERSION_NEGOTIATION_PACKET_RECEIVED", on_version_negotiation },
  { "QUIC_SESSION_VERSION_NEGOTIATED", on_version },
  { "QUIC_SESSION_TRANSPORT_PARAMETERS_SENT", on_parameters_sent },
  { "QUIC_SESSION_TRANSPORT_PARAMETERS_RECEIVED", on_parameters_received },
  { "QUIC_SESSION_CRYPTO_HANDSHAKE_COMPLETE", on_handshake_complete },
};

static void
dispatch (QsNetlogQuic *self, const QsNetlogEvent *event, double ms)
{
  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    {
      if (strcmp (handlers[i].type, event->type) == 0)
        {
          handlers[i].handle (self, event, ms);
          return;
        }
    }
  if (g_str_has_prefix (event->type, PREFIX))
    take_frame (self, event);
  else if (g_str_has_prefix (event->type, "HTTP3_"))
    take_http3 (self, event, ms);
}

/* A datagram that goes out of itself is over when something else happens. */
static gboolean
ends_datagram (const QsNetlogEvent *event, double ms, double last)
{
  return ms >= last + 1 || strcmp (event->type, "QUIC_SESSION_PACKET_RECEIVED") == 0;
}

void
qs_netlog_quic_add (QsNetlogQuic *self, const QsNetlogNames *names, const QsNetlogEvent *event)
{
  double ms = MAX (event->ms, self->last);

  if (ends_datagram (event, ms, self->last))
    close_sent (self);
  self->last = ms;
  if (!self->settled)
    settle_end (self, event);
  if (strcmp (event->type, "QUIC_SESSION_CLOSED") == 0)
    on_closed (self, names, event, ms);
  else
    dispatch (self, event, ms);
  if (strcmp (event->type, "QUIC_SESSION_CONNECTION_CLOSE_FRAME_RECEIVED") == 0)
    close_received (self);
  drain (self);
}

QsNetlogQuic *
qs_netlog_quic_new (const char *title, double ms)
{
  QsNetlogQuic *self = g_new0 (QsNetlogQuic, 1);
  gint64 us = (gint64) (CLAMP (ms, 0, 4e12) * 1000);
  g_autofree char *header =
      g_strdup_printf ("{\"vantage_point\":{\"type\":\"client\"},\"common_fields\":"
                       "{\"time_format\":\"relative\",\"reference_time\":%" G_GINT64_FORMAT ".%03u}}",
                       us / 1000, (guint) (us % 1000));

  self->json = qs_json_text_new ();
  self->text = g_string_new (NULL);
  qs_json_text_parse (self->json, header, strlen (header), NULL);
  self->events = qs_qlog_events_new (qs_json_text_get_root (self->json), title);
  self->trace = qs_qlog_events_get_trace (self->events);
  self->start = self->last = ms;
  self->sent_frames = g_ptr_array_new_with_free_func (g_free);
  self->types = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->control[0] = self->control[1] = G_MAXUINT64;
  g_queue_init (&self->waiting);
  return self;
}

QsTrace *
qs_netlog_quic_finish (QsNetlogQuic *self)
{
  close_sent (self);
  close_received (self);
  drain (self);
  if (self->end != NULL && !self->closed_by_frame)
    qs_netlog_add_note (self->trace, time_of (self, self->last), self->end);
  g_autoptr (QsTrace) trace = qs_qlog_events_finish (self->events);
  for (guint i = 0; i < N_LEVELS; i++)
    g_clear_pointer (&self->streams[i], qs_reassembly_free);
  g_hash_table_unref (self->types);
  g_ptr_array_unref (self->sent_frames);
  g_string_free (self->text, TRUE);
  qs_json_text_free (self->json);
  g_free (self->end);
  g_free (self);
  return qs_trace_get_n_packets (trace) > 0 ? g_steal_pointer (&trace) : NULL;
}
