/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TCP socket of Chromium's log that TLS is spoken on. The log tells of messages, alerts and data after they were read, not of records:
 * each becomes a packet of its own, as long as what it holds. */
#include <errno.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-netlog-private.h"
#include "trace/qs-metrics.h"
#include "wire/qs-names.h"

#define MAX_PACKETS (1u << 20)
#define MAX_KEPT (64u << 20) /* bytes of what they hold */
#define TLS13 0x0304

enum { CONTENT_ALERT = 21, CONTENT_HANDSHAKE = 22, CONTENT_DATA = 23 };
enum { EXTENSION_SUPPORTED_VERSIONS = 43 };

/* What packets hold, by their numbers. */
typedef struct {
  gatomicrefcount refs;
  GPtrArray *payloads; /* GBytes; NULL: not told */
  gsize kept;
} Store;

struct _QsNetlogTls {
  QsTrace *trace;
  Store *store;
  double start, last;
  gboolean is_tls;
  gboolean wants_tls; /* the site that the socket is for does */
  gboolean answered;  /* something came */
  gboolean tls13;
  gboolean server_hello; /* in 1.3, all behind it is encrypted */
  gboolean ended;
  gboolean refused;
  gint64 n_attempts;
};

static void
store_unref (gpointer data)
{
  Store *store = data;

  if (!g_atomic_ref_count_dec (&store->refs))
    return;
  g_ptr_array_unref (store->payloads);
  g_free (store);
}

static void
unref_payload (gpointer bytes)
{
  if (bytes != NULL)
    g_bytes_unref (bytes);
}

static GBytes *
dup_payload_cb (QsTrace *trace, guint packet, gpointer data)
{
  Store *store = data;
  GBytes *bytes = packet < store->payloads->len ? store->payloads->pdata[packet] : NULL;

  return bytes != NULL ? g_bytes_ref (bytes) : NULL;
}

/* They hold no frames of QUIC, whatever their bytes. */
static GArray *
dup_frames_cb (QsTrace *trace, guint packet, GBytes **payload, gpointer data)
{
  *payload = NULL;
  return g_array_new (FALSE, FALSE, sizeof (QsFrame));
}

QsNetlogTls *
qs_netlog_tls_new (const char *title, double ms)
{
  QsNetlogTls *self = g_new0 (QsNetlogTls, 1);

  self->trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  qs_trace_set_title (self->trace, title);
  qs_trace_set_origin (self->trace, (gint64) (CLAMP (ms, 0, 4e12) * 1e6));
  self->store = g_new0 (Store, 1);
  g_atomic_ref_count_init (&self->store->refs);
  self->store->payloads = g_ptr_array_new_with_free_func (unref_payload);
  self->start = self->last = ms;
  return self;
}

static gint64
time_of (const QsNetlogTls *self)
{
  return (gint64) (CLAMP (self->last - self->start, 0, 1e12) * 1e6);
}

static void
add_mark (QsNetlogTls *self, QsMark *mark)
{
  mark->stream = -1;
  qs_trace_add_mark_full (self->trace, time_of (self), mark);
}

static void
add_fact (QsNetlogTls *self, const char *name, const char *value)
{
  g_autofree char *escaped = value != NULL ? qs_text_escape (value, -1) : NULL;

  if (escaped != NULL && *escaped != '\0')
    qs_trace_add_fact (self->trace, name, escaped);
}

/* "https://example.org:443 <https://example.org same_site>", "pm/https://…" */
void
qs_netlog_tls_set_site (QsNetlogTls *self, const char *group_id)
{
  const char *start = strstr (group_id, "https://");
  g_autofree char *uri = start != NULL ? g_strndup (start, strcspn (start, " ")) : NULL;
  g_autofree char *host = NULL;
  int port = 0;

  if (uri == NULL || !g_uri_split_network (uri, G_URI_FLAGS_NONE, NULL, &host, &port, NULL))
    return;
  self->wants_tls = TRUE;
  QsMark mark = { .kind = QS_MARK_FACT, .name = "target", .value = port > 0 ? port : 443 };
  g_autofree char *escaped = qs_text_escape (host, -1);
  mark.text = g_strdup_printf (strchr (escaped, ':') != NULL ? "tls://[%s]" : "tls://%s", escaped);
  add_mark (self, &mark);
}

/* --- Packets --- */

/* Takes payload, which may be NULL. FALSE when there are too many. */
static gboolean
add_packet (QsNetlogTls *self, QsDirection direction, QsPacketType type, guint content, gsize length, GBytes *payload)
{
  gsize kept = payload != NULL ? g_bytes_get_size (payload) : 0;
  QsPacket packet = { .time = time_of (self),
                      .number = G_MAXUINT64,
                      .record = G_MAXUINT32,
                      .length = (guint32) MIN (length, G_MAXUINT32),
                      .frames = type == QS_PACKET_TLS_RECORD ? G_GUINT64_CONSTANT (1) << content : 0,
                      .version = self->tls13 ? TLS13 : 0,
                      .flags = QS_PACKET_FROM_QLOG | QS_PACKET_DECRYPTED,
                      .direction = (guint8) direction,
                      .key = content == CONTENT_DATA || self->server_hello, /* as of what keys opened */
                      .type = (guint8) type };

  if (qs_trace_get_n_packets (self->trace) >= MAX_PACKETS)
    {
      g_clear_pointer (&payload, g_bytes_unref);
      return FALSE;
    }
  if (self->store->kept + kept > MAX_KEPT)
    g_clear_pointer (&payload, g_bytes_unref);
  self->store->kept += payload != NULL ? kept : 0;
  packet.payload_length = payload != NULL ? (guint32) kept : 0;
  qs_trace_add_packet (self->trace, &packet);
  qs_trace_get_metrics (self->trace)->directions[direction].packets++;
  g_ptr_array_add (self->store->payloads, payload);
  self->is_tls = TRUE;
  return TRUE;
}

static void
add_message (QsNetlogTls *self, QsDirection direction, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  guint32 packet = qs_trace_get_n_packets (self->trace) - 1;

  if (length < 4 || qs_tls_message_length (QS_SPAN (data, length)) != length)
    return;
  g_autoptr (QsTlsMessage) parsed = qs_tls_message_parse (QS_SPAN (data, length), self->tls13, NULL);
  if (parsed == NULL)
    return;
  QsTraceMessage *message = g_new (QsTraceMessage, 1);
  *message = (QsTraceMessage){ .time = time_of (self),
                               .packet = packet,
                               .first_packet = packet,
                               .direction = direction,
                               .level = QS_PACKET_TLS_RECORD,
                               .encrypted = self->tls13 ? self->server_hello : parsed->type == QS_TLS_FINISHED,
                               .bytes = g_bytes_ref (bytes) };
  if (parsed->type == QS_TLS_SERVER_HELLO && !parsed->is_hello_retry_request)
    {
      self->tls13 = qs_tls_version_is_13 (qs_tls_message_get_version (parsed));
      self->server_hello = TRUE;
      message->encrypted = FALSE;
    }
  message->message = g_steal_pointer (&parsed);
  qs_trace_add_message (self->trace, message);
}

static void
on_message (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction)
{
  GBytes *bytes = qs_netlog_get_bytes (event->params, "bytes");
  gsize length = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  if (!add_packet (self, direction, QS_PACKET_TLS_RECORD, CONTENT_HANDSHAKE, length,
                   bytes != NULL ? g_bytes_ref (bytes) : NULL))
    g_clear_pointer (&bytes, g_bytes_unref);
  if (bytes != NULL)
    add_message (self, direction, bytes);
  g_clear_pointer (&bytes, g_bytes_unref);
}

static void
on_alert (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction)
{
  GBytes *bytes = qs_netlog_get_bytes (event->params, "bytes");

  add_packet (self, direction, QS_PACKET_TLS_RECORD, CONTENT_ALERT, 2, bytes);
}

static void
on_data (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction)
{
  guint64 length = 0;

  if (qs_json_get_uint (event->params, "byte_count", &length) && length > 0)
    add_packet (self, direction, QS_PACKET_TLS_RECORD, CONTENT_DATA, length,
                qs_netlog_get_bytes (event->params, "bytes"));
}

/* --- TCP --- */

/* The number is of the system that wrote the log. What a connect() may end with has numbers that no two of them share. */
typedef struct {
  const char *name;
  int ours;
  guint numbers[3]; /* Linux, macOS, Windows */
} OsError;

static const OsError *
find_os_error (guint64 number)
{
  static const OsError known[] = {
    { "ECONNREFUSED", ECONNREFUSED, { 111, 61, 10061 } }, { "ETIMEDOUT", ETIMEDOUT, { 110, 60, 10060 } },
    { "EHOSTUNREACH", EHOSTUNREACH, { 113, 65, 10065 } }, { "ENETUNREACH", ENETUNREACH, { 101, 51, 10051 } },
    { "ECONNRESET", ECONNRESET, { 104, 54, 10054 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    for (guint j = 0; j < G_N_ELEMENTS (known[i].numbers); j++)
      if (known[i].numbers[j] == number)
        return &known[i];
  return NULL;
}

static void
on_attempt (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction)
{
  const char *address = qs_json_get_string (event->params, "address");
  QsMark mark = { .kind = QS_MARK_CONNECTING, .value = self->n_attempts };
  guint64 number;

  if (event->phase == QS_NETLOG_BEGIN && address != NULL)
    {
      self->n_attempts++;
      mark.text = qs_text_escape (address, -1);
      add_mark (self, &mark);
      return;
    }
  if (event->phase != QS_NETLOG_END || !qs_json_get_uint (event->params, "os_error", &number))
    return;
  QsMark failed = { .kind = QS_MARK_SOCKET_ERROR, .value = (gint64) number };
  const OsError *error = find_os_error (number);
  failed.name = error != NULL ? error->name : "EIO";
  failed.text = error != NULL ? g_strdup (g_strerror (error->ours)) : g_strdup_printf (_ ("error %" PRIu64), number);
  add_mark (self, &failed);
  self->refused |= self->wants_tls;
}

/* What is no TLS shows in no message: the first bytes tell of it, where the log has them. */
static void
on_bytes (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction)
{
  g_autoptr (GBytes) bytes = qs_netlog_get_bytes (event->params, "bytes");
  gsize length = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  if (self->answered || !self->is_tls || length == 0)
    return;
  self->answered = TRUE;
  if (data[0] < 20 || data[0] > 24 || (length > 1 && data[1] != 3))
    add_packet (self, direction, QS_PACKET_UNKNOWN, 0, length, g_steal_pointer (&bytes));
}

static void
on_tcp_connect (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction)
{
  g_autoptr (GSocketAddress) local = qs_netlog_get_address (event->params, "local_address");
  g_autoptr (GSocketAddress) remote = qs_netlog_get_address (event->params, "remote_address");
  QsMark mark = { .kind = QS_MARK_TCP_CONNECTED };

  if (event->phase != QS_NETLOG_END || qs_netlog_get_net_error (event->params) != 0)
    return;
  if (local == NULL)
    local = qs_netlog_get_address (event->params, "source_address");
  if ((local != NULL || remote != NULL) && qs_trace_get_path (self->trace, 0) == NULL)
    qs_trace_add_path (self->trace, local, remote);
  add_mark (self, &mark);
}

/* What ended it: the peer's end of its bytes, a reset, or Chromium itself, which asks for a certificate. */
static const struct {
  gint64 error;
  const char *name;
  QsDirection direction;
} ends[] = {
  { -100, "fin", QS_DIRECTION_RECEIVED },
  { -101, "reset", QS_DIRECTION_RECEIVED },
  { -110, "fin", QS_DIRECTION_SENT },
};

static void
note_end (QsNetlogTls *self, gint64 error)
{
  for (guint i = 0; !self->ended && i < G_N_ELEMENTS (ends); i++)
    {
      QsMark mark = { .kind = QS_MARK_TCP_END, .name = ends[i].name, .value = ends[i].direction };

      if (ends[i].error != error)
        continue;
      self->ended = TRUE;
      add_mark (self, &mark);
    }
}

static void
on_socket_error (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction)
{
  note_end (self, qs_netlog_get_net_error (event->params));
}

/* --- TLS --- */

static void
add_named (QsNetlogTls *self, QsJson params, const char *member, const char *fact, const char *(*name_of) (guint16))
{
  guint64 number;

  if (!qs_json_get_uint (params, member, &number) || number == 0 || number > G_MAXUINT16)
    return;
  const char *name = name_of ((guint16) number);
  g_autofree char *hex = g_strdup_printf ("0x%04x", (guint) number);
  add_fact (self, fact, name != NULL ? name : hex);
}

static void
add_outcome (QsNetlogTls *self, QsJson params)
{
  const char *version = qs_json_get_string (params, "version");
  QsMark done = { .kind = QS_MARK_HANDSHAKE_DONE }, confirmed = { .kind = QS_MARK_CONFIRMED };

  add_fact (self, "tls.version", version);
  add_named (self, params, "cipher_suite", "tls.cipher", qs_tls_cipher_suite_name);
  add_named (self, params, "key_exchange_group", "tls.group", qs_tls_group_name);
  add_named (self, params, "peer_signature_algorithm", "tls.signature", qs_tls_signature_scheme_name);
  const char *protocol = qs_json_get_string (params, "next_proto");
  if (g_strcmp0 (protocol, "unknown") != 0)
    add_fact (self, "tls.alpn", protocol);
  if (qs_json_is_there (qs_json_get (params, "is_resumed")))
    qs_trace_add_fact (self->trace, "tls.resumed", qs_json_get_bool (params, "is_resumed") ? "yes" : "no");
  add_mark (self, &done);
  add_mark (self, &confirmed);
}

static void
on_ssl_connect (QsNetlogTls *self, const QsNetlogNames *names, const QsNetlogEvent *event)
{
  gint64 error = qs_netlog_get_net_error (event->params);

  if (event->phase != QS_NETLOG_END)
    return;
  if (error == 0 && qs_json_is_there (qs_json_get (event->params, "version")))
    {
      add_outcome (self, event->params);
      return;
    }
  if (error == 0)
    return;
  note_end (self, error);
  const char *name = qs_netlog_names_get_net_error (names, error);
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, error);
  g_autofree char *called = qs_text_escape (name != NULL ? name : number, -1);
  g_autofree char *text = g_strdup_printf (_ ("Chromium says that the connection ended with %s."), called);
  qs_netlog_add_note (self->trace, time_of (self), text);
  QsMark failed = { .kind = QS_MARK_OUTCOME, .name = "failed", .text = g_strdup ("handshake") };
  add_mark (self, &failed);
}

static const struct {
  const char *type;
  QsDirection direction;
  void (*handle) (QsNetlogTls *self, const QsNetlogEvent *event, QsDirection direction);
} handlers[] = {
  { "TCP_CONNECT", QS_DIRECTION_SENT, on_tcp_connect },
  { "TCP_CONNECT_ATTEMPT", QS_DIRECTION_SENT, on_attempt },
  { "SSL_HANDSHAKE_MESSAGE_SENT", QS_DIRECTION_SENT, on_message },
  { "SSL_HANDSHAKE_MESSAGE_RECEIVED", QS_DIRECTION_RECEIVED, on_message },
  { "SSL_ALERT_SENT", QS_DIRECTION_SENT, on_alert },
  { "SSL_ALERT_RECEIVED", QS_DIRECTION_RECEIVED, on_alert },
  { "SSL_SOCKET_BYTES_SENT", QS_DIRECTION_SENT, on_data },
  { "SSL_SOCKET_BYTES_RECEIVED", QS_DIRECTION_RECEIVED, on_data },
  { "SOCKET_BYTES_RECEIVED", QS_DIRECTION_RECEIVED, on_bytes },
  { "SOCKET_READ_ERROR", QS_DIRECTION_RECEIVED, on_socket_error },
  { "SOCKET_WRITE_ERROR", QS_DIRECTION_SENT, on_socket_error },
  { "SSL_READ_ERROR", QS_DIRECTION_RECEIVED, on_socket_error },
  { "SSL_WRITE_ERROR", QS_DIRECTION_SENT, on_socket_error },
  { "SSL_HANDSHAKE_ERROR", QS_DIRECTION_RECEIVED, on_socket_error },
};

void
qs_netlog_tls_add (QsNetlogTls *self, const QsNetlogNames *names, const QsNetlogEvent *event)
{
  self->last = MAX (self->last, event->ms);
  if (strcmp (event->type, "SSL_CONNECT") == 0)
    on_ssl_connect (self, names, event);
  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    {
      if (strcmp (handlers[i].type, event->type) == 0)
        handlers[i].handle (self, event, handlers[i].direction);
    }
}

QsTrace *
qs_netlog_tls_finish (QsNetlogTls *self)
{
  g_autoptr (QsTrace) trace = self->trace;
  gboolean is_tls = self->is_tls || self->refused;

  qs_trace_set_payload_source (trace, dup_payload_cb, dup_frames_cb, self->store, store_unref);
  g_free (self);
  return is_tls ? g_steal_pointer (&trace) : NULL;
}
