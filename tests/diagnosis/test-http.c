/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings above the handshake, from made-up traces as a file holds them: each where it appears and where it must not. */
#include <string.h>

#include "diagnosis/qs-finding.h"
#include "trace-kit.h"
#include "trace/qs-metrics.h"
#include "trace/qs-trace-http3.h"

#define IN QS_DIRECTION_RECEIVED
#define OUT QS_DIRECTION_SENT
#define CONTROL 3 /* the server's first unidirectional stream */

static guint64 at; /* within the stream that is being made */

static void
add_piece (Made *made, QsHttp3PieceKind kind, QsDirection direction, guint64 stream, guint64 type, guint64 length,
           const char *bytes, gsize n, const char *lines)
{
  QsHttp3Piece *piece = g_new0 (QsHttp3Piece, 1);
  guint packet = made_packet (made, direction, QS_PACKET_1RTT, qs_trace_get_n_packets (made->trace), "01", 0);
  QsStreamFigures *figures = qs_metrics_ensure_stream (qs_trace_get_metrics (made->trace), stream);

  *piece = (QsHttp3Piece){ .stream = stream,
                           .offset = at,
                           .length = length,
                           .type = type,
                           .first_packet = packet,
                           .packet = packet,
                           .kind = kind,
                           .direction = direction };
  piece->bytes = bytes != NULL ? g_bytes_new (bytes, n) : NULL;
  piece->lines = lines != NULL ? g_strsplit (lines, "|", -1) : NULL;
  at += length;
  figures->bytes[direction] = at;
  g_assert_true (qs_trace_add_http3 (made->trace, piece));
}

static void
frame (Made *made, QsDirection direction, guint64 stream, guint64 type, const char *lines)
{
  add_piece (made, QS_HTTP3_PIECE_FRAME, direction, stream, type, 20, NULL, 0, lines);
}

static void
small_frame (Made *made, guint64 stream, const char *bytes, gsize n)
{
  add_piece (made, QS_HTTP3_PIECE_FRAME, IN, stream, (guint8) bytes[0], n, bytes, n, NULL);
}

static QsStreamFigures *
figures_of (Made *made, guint64 stream)
{
  return qs_metrics_ensure_stream (qs_trace_get_metrics (made->trace), stream);
}

static Made *
begin (void)
{
  Made *made = made_new (QS_VANTAGE_CLIENT);

  at = 0;
  made_handshake (made);
  at = 0;
  add_piece (made, QS_HTTP3_PIECE_STREAM_TYPE, IN, CONTROL, 0, 1, "\0", 1, NULL);
  small_frame (made, CONTROL, "\x04\x00", 2);
  at = 0;
  frame (made, OUT, 0, 1, ":method|GET|:path|/");
  at = 0;
  return made;
}

static void
close_with (Made *made, QsDirection direction, const char *frame_hex)
{
  made_packet (made, direction, QS_PACKET_1RTT, qs_trace_get_n_packets (made->trace), frame_hex, 0);
}

static void
assert_says (const QsFinding *finding, const char *words)
{
  g_autofree char *all = g_strconcat (finding->title, " ", finding->detail, NULL);

  if (strstr (all, words) == NULL)
    g_error ("“%s” is not in “%s”", words, all);
}

static const QsFinding *
assert_found (GPtrArray *findings, const char *id, QsSeverity severity, const char *words)
{
  const QsFinding *finding = find_finding (findings, id);

  if (finding == NULL)
    g_error ("%s was not found", id);
  g_assert_cmpint (finding->severity, ==, severity);
  assert_says (finding, words);
  g_assert_cmpuint (finding->evidence->len, >, 0);
  return finding;
}

static void
assert_quiet (Made *made)
{
  static const char *const ids[] = {
    "http-status", "answer-cut-short", "http3-malformed", "http3-protocol-error",
    "goaway",      "limits-zero",      "http-malformed",  "client-certificate-required"
  };
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    if (find_finding (findings, ids[i]) != NULL)
      g_error ("%s: %s", ids[i], find_finding (findings, ids[i])->title);
}

/* --- Status --- */

static void
test_status (void)
{
  static const struct {
    const char *lines, *words;
    QsSeverity severity;
  } rows[] = {
    { ":status|404", "404 (Not Found)", QS_SEVERITY_WARNING },
    { ":status|399", "is 399.", QS_SEVERITY_INFO },
    { ":status|400", "400 (Bad Request)", QS_SEVERITY_WARNING },
    { ":status|301|location|https://example.org/", "It points to https://example.org/", QS_SEVERITY_INFO },
    { ":status|503|retry-after|120", "Its Retry-After says: 120", QS_SEVERITY_WARNING },
    { ":status|599", "or one behind it, failed", QS_SEVERITY_WARNING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = begin ();
      frame (made, IN, 0, 1, rows[i].lines);
      figures_of (made, 0)->fin[IN] = TRUE;
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      assert_found (findings, "http-status", rows[i].severity, rows[i].words);
    }
}

static void
test_good_status (void)
{
  static const char *const lines[] = { ":status|200", ":status|299", ":status|204" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (Made) made = begin ();
      frame (made, IN, 0, 1, ":status|103|link|x");
      frame (made, IN, 0, 1, lines[i]);
      figures_of (made, 0)->fin[IN] = TRUE;
      close_with (made, OUT, "1d410000");
      assert_quiet (made);
    }
}

/* --- Cut answers --- */

/* DATA of 1002 bytes with its header, of which so many came. */
static Made *
with_data (const char *lines, guint64 came)
{
  Made *made = begin ();

  frame (made, IN, 0, 1, lines);
  guint64 start = at;
  add_piece (made, QS_HTTP3_PIECE_FRAME, IN, 0, 0, 1003, NULL, 0, NULL);
  figures_of (made, 0)->bytes[IN] = start + came;
  return made;
}

static void
test_cut (void)
{
  static const struct {
    const char *lines, *words;
    guint64 came;
    gboolean fin, reset;
    const char *close;
  } rows[] = {
    { ":status|200|content-length|1000", "9 of 1000 bytes", 12, TRUE, FALSE, NULL },
    { ":status|200|content-length|1000", "999 of 1000 bytes", 1002, TRUE, FALSE, NULL },
    { ":status|200|content-length|1000", "0 of 1000 bytes", 3, FALSE, TRUE, NULL },
    { ":status|200|content-length|1000", "9 of 1000 bytes", 12, FALSE, FALSE, "1d410000" },
    { ":status|200", "9 bytes", 12, TRUE, FALSE, NULL }, /* within a frame */
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = with_data (rows[i].lines, rows[i].came);
      figures_of (made, 0)->fin[IN] = rows[i].fin;
      figures_of (made, 0)->reset[IN] = rows[i].reset;
      if (rows[i].close != NULL)
        close_with (made, IN, rows[i].close);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      assert_found (findings, "answer-cut-short", QS_SEVERITY_ERROR, rows[i].words);
    }
}

static void
test_not_cut (void)
{
  g_autoptr (Made) whole = with_data (":status|200|content-length|1000", 1003);
  g_autoptr (Made) unbounded = with_data (":status|200", 1003);
  g_autoptr (Made) given_up = with_data (":status|200|content-length|1000", 12);
  g_autoptr (Made) going_on = with_data (":status|200|content-length|1000", 12);

  figures_of (whole, 0)->fin[IN] = figures_of (unbounded, 0)->fin[IN] = TRUE;
  assert_quiet (whole);
  assert_quiet (unbounded);
  close_with (given_up, OUT, "1d410000"); /* by the client: it had enough */
  assert_quiet (given_up);
  assert_quiet (going_on);
}

/* --- Malformed answers --- */

static void
test_malformed (void)
{
  static const struct {
    const char *lines, *words;
  } rows[] = {
    { ":status|200|Server|x", "“Server” has capital letters" },
    { ":status|200|connection|close", "“connection: close”, which is for HTTP/1.1" },
    { ":status|200|transfer-encoding|chunked", "transfer-encoding: chunked" },
    { "server|x", "no status" },
    { ":status|200|:status|200", "holds :status twice" },
    { ":status|2000", "three digits (:status: 2000)" },
    { ":status|20", "three digits" },
    { ":status|200|:path|/", "pseudo-header :path" },
    { "server|x|:status|200", "stands behind other fields" },
    { ":status|200|a b|x", "holds what no name may" },
    { ":status|200|a|x\\x0ay", "a zero byte or a line end" },
    { ":status|200|content-length|-1", "no number of bytes" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = begin ();
      frame (made, IN, 0, 1, rows[i].lines);
      close_with (made, OUT, "1d410e00"); /* H3_MESSAGE_ERROR */
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      const QsFinding *finding = assert_found (findings, "http3-malformed", QS_SEVERITY_ERROR, rows[i].words);
      g_assert_cmpint (finding->who, ==, QS_PARTY_SERVER);
      g_assert_cmpint (finding->certainty, ==, QS_CERTAINTY_PROVED);
    }
}

static void
test_malformed_elsewhere (void)
{
  /* A client that gives up the stream alone. */
  g_autoptr (Made) reset = begin ();
  frame (reset, IN, 0, 1, ":status|200|Server|x");
  close_with (reset, OUT, "0500410e"); /* STOP_SENDING */
  g_autoptr (GPtrArray) findings = qs_diagnose (reset->trace, -1);
  assert_found (findings, "http3-malformed", QS_SEVERITY_ERROR, "capital");

  g_autoptr (Made) longer = with_data (":status|200|content-length|999", 1003);
  close_with (longer, OUT, "1d410e00");
  g_autoptr (GPtrArray) of_longer = qs_diagnose (longer->trace, -1);
  assert_found (of_longer, "http3-malformed", QS_SEVERITY_ERROR, "1000 of 999 bytes");

  /* It is the client's word that counts: another code, or the server's, is another matter. */
  g_autoptr (Made) cancelled = begin ();
  frame (cancelled, IN, 0, 1, ":status|200|Server|x");
  close_with (cancelled, OUT, "0500410c"); /* H3_REQUEST_CANCELLED */
  assert_quiet (cancelled);
  g_autoptr (Made) by_server = begin ();
  frame (by_server, IN, 0, 1, ":status|200");
  close_with (by_server, IN, "1d410e00");
  g_autoptr (GPtrArray) of_server = qs_diagnose (by_server->trace, -1);
  g_assert_null (find_finding (of_server, "http3-malformed"));
}

/* --- HTTP/3's own rules --- */

typedef struct {
  const char *name, *close, *words;
  void (*make) (Made *made);
} Breach;

static void
data_first (Made *made)
{
  frame (made, IN, 0, 0, NULL);
}

static void
settings_on_request (Made *made)
{
  frame (made, IN, 0, 4, NULL);
}

static void
http2_frame (Made *made)
{
  frame (made, IN, 0, 6, NULL);
}

static void
data_on_control (Made *made)
{
  at = 100;
  frame (made, IN, CONTROL, 0, NULL);
}

static void
settings_again (Made *made)
{
  at = 100;
  small_frame (made, CONTROL, "\x04\x00", 2);
}

static void
http2_setting (Made *made)
{
  at = 0;
  small_frame (made, 15, "\x04\x02\x02\x01", 4);
}

static void
second_control (Made *made)
{
  at = 0;
  add_piece (made, QS_HTTP3_PIECE_STREAM_TYPE, IN, 7, 0, 1, "\0", 1, NULL);
}

static void
server_bidi (Made *made)
{
  frame (made, IN, 1, 1, ":status|200");
}

static void
odd_goaway (Made *made)
{
  at = 100;
  small_frame (made, CONTROL, "\x07\x01\x03", 3);
}

static void
rising_goaway (Made *made)
{
  at = 100;
  small_frame (made, CONTROL, "\x07\x01\x04", 3);
  small_frame (made, CONTROL, "\x07\x01\x08", 3);
}

static void
promise (Made *made)
{
  frame (made, IN, 0, 5, NULL);
}

static void
control_ends (Made *made)
{
  figures_of (made, CONTROL)->fin[IN] = TRUE;
}

static void
unreadable (Made *made)
{
  frame (made, IN, 0, 1, NULL);
}

static const Breach breaches[] = {
  { "data-first", "1d410500", "DATA on stream 0 before any HEADERS", data_first },
  { "settings-on-request", "1d410500", "SETTINGS on the request's stream 0", settings_on_request },
  { "http2-frame", "1d410500", "HTTP/2 has and HTTP/3 forbids", http2_frame },
  { "data-on-control", "1d410500", "DATA on its control stream", data_on_control },
  { "settings-again", "1d410500", "SETTINGS a second time", settings_again },
  { "second-control", "1d410300", "a second control stream", second_control },
  { "server-bidi", "1d410300", "stream 1 for both directions", server_bidi },
  { "odd-goaway", "1d410800", "a stream that is no request's", odd_goaway },
  { "rising-goaway", "1d410800", "a later stream than the one before", rising_goaway },
  { "promise", "1d410800", "promised a push", promise },
  { "control-ends", "1d410400", "closed its control stream 3", control_ends },
  { "unreadable", "1d420000", "refer to what QPACK's tables do not hold", unreadable },
};

static void
test_breach (gconstpointer data)
{
  const Breach *breach = data;
  g_autoptr (Made) made = begin ();

  breach->make (made);
  close_with (made, OUT, breach->close);
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  const QsFinding *finding = assert_found (findings, "http3-protocol-error", QS_SEVERITY_ERROR, breach->words);
  g_assert_true (g_str_has_prefix (finding->reference, "RFC 9"));

  /* The same without a word of the client's: nobody was hurt. */
  g_autoptr (Made) unnoticed = begin ();
  breach->make (unnoticed);
  g_autoptr (GPtrArray) quiet = qs_diagnose (unnoticed->trace, -1);
  g_assert_null (find_finding (quiet, "http3-protocol-error"));
}

static void
test_settings_of_http2 (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_handshake (made);
  http2_setting (made);
  close_with (made, OUT, "1d410900");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  assert_found (findings, "http3-protocol-error", QS_SEVERITY_ERROR, "a setting of HTTP/2");
}

static void
test_no_settings (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_handshake (made);
  at = 0;
  small_frame (made, CONTROL, "\x07\x01\x04", 3);
  close_with (made, OUT, "1d410a00");
  g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
  assert_found (findings, "http3-protocol-error", QS_SEVERITY_ERROR, "begins with GOAWAY");
}

/* Codes that say nothing against the server. */
static void
test_no_breach (void)
{
  static const char *const closes[] = { "1d410000", "1d410200", "1d410700", "1d410c00" };

  for (guint i = 0; i < G_N_ELEMENTS (closes); i++)
    {
      g_autoptr (Made) made = begin ();
      frame (made, IN, 0, 1, ":status|200");
      close_with (made, OUT, closes[i]);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      g_assert_null (find_finding (findings, "http3-protocol-error"));
    }
}

/* --- GOAWAY --- */

static void
test_goaway (void)
{
  g_autoptr (Made) later = begin ();
  frame (later, IN, 0, 1, ":status|200");
  figures_of (later, 0)->fin[IN] = TRUE;
  at = 100;
  small_frame (later, CONTROL, "\x07\x01\x04", 3);
  g_autoptr (GPtrArray) findings = qs_diagnose (later->trace, -1);
  assert_found (findings, "goaway", QS_SEVERITY_INFO, "from stream 4 on");

  g_autoptr (Made) refused = begin ();
  at = 100;
  small_frame (refused, CONTROL, "\x07\x01\x00", 3);
  g_autoptr (GPtrArray) errors = qs_diagnose (refused->trace, -1);
  assert_found (errors, "goaway", QS_SEVERITY_ERROR, "refused the request");
}

/* --- Limits of zero --- */

/* The kit's transport parameters name no limit but a stream's, which is as good as zero (RFC 9000 section 18.2). */
static void
test_limits (void)
{
  static const struct {
    const char *blocked, *raised;
    gboolean found;
  } rows[] = {
    { "1600", NULL, TRUE },   /* STREAMS_BLOCKED at 0 */
    { "1600", "1201", TRUE }, /* MAX_STREAMS came, MAX_DATA did not */
    { "1600",
      "1201"
      "1040ff"
      "11004064",
      FALSE },
    { NULL, NULL, FALSE }, /* nobody asked for anything */
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
      made_handshake (made);
      if (rows[i].blocked != NULL)
        made_packet (made, OUT, QS_PACKET_1RTT, 1, rows[i].blocked, 0);
      if (rows[i].raised != NULL)
        made_packet (made, IN, QS_PACKET_1RTT, 1, rows[i].raised, 0);
      g_autoptr (GPtrArray) findings = qs_diagnose (made->trace, -1);
      g_test_message ("row %u", i);
      g_assert_true ((find_finding (findings, "limits-zero") != NULL) == rows[i].found);
    }
}

/* --- As a run notes it --- */

static void
note_answer (Made *made, guint status, const char *fields, gsize length)
{
  QsMark mark = { .kind = QS_MARK_ANSWER, .name = "1.1", .value = status, .bytes = g_bytes_new (fields, length) };

  qs_trace_add_mark_full (made->trace, made->at * MS, &mark);
}

static void
note_end (Made *made, const char *how, guint64 body, gint64 interim, const char *text)
{
  QsMark mark = {
    .kind = QS_MARK_ANSWER_END, .name = how, .value = interim, .received = body, .text = g_strdup (text)
  };

  qs_trace_add_mark_full (made->trace, made->at * MS, &mark);
}

static void
test_marks (void)
{
  g_autoptr (Made) cut = made_new (QS_VANTAGE_CLIENT);
  made_start (cut);
  made_handshake (cut);
  note_answer (cut, 200,
               "Content-Length\0"
               "1000\0",
               20);
  note_end (cut, "cut", 9, 0, "…");
  made_outcome (cut, "failed", "request");
  g_autoptr (GPtrArray) of_cut = qs_diagnose (cut->trace, -1);
  assert_found (of_cut, "answer-cut-short", QS_SEVERITY_ERROR, "9 of 1000 bytes");
  g_assert_null (find_finding (of_cut, "failed"));

  g_autoptr (Made) wrong = made_new (QS_VANTAGE_CLIENT);
  made_start (wrong);
  made_handshake (wrong);
  note_end (wrong, "malformed", 0, 0, "it is not HTTP");
  made_outcome (wrong, "failed", "request");
  g_autoptr (GPtrArray) of_wrong = qs_diagnose (wrong->trace, -1);
  g_assert_null (find_finding (of_wrong, "answer-cut-short"));

  g_autoptr (Made) stopped = made_new (QS_VANTAGE_CLIENT);
  made_start (stopped);
  made_handshake (stopped);
  note_answer (stopped, 200,
               "Content-Length\0"
               "1000\0",
               20);
  note_end (stopped, "stopped", 9, 0, NULL);
  made_outcome (stopped, "stopped", "request");
  assert_quiet (stopped);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/status", test_status);
  g_test_add_func ("/http/good-status", test_good_status);
  g_test_add_func ("/http/cut", test_cut);
  g_test_add_func ("/http/not-cut", test_not_cut);
  g_test_add_func ("/http/malformed", test_malformed);
  g_test_add_func ("/http/malformed-elsewhere", test_malformed_elsewhere);
  for (guint i = 0; i < G_N_ELEMENTS (breaches); i++)
    {
      g_autofree char *path = g_strconcat ("/http/breach/", breaches[i].name, NULL);
      g_test_add_data_func (path, &breaches[i], test_breach);
    }
  g_test_add_func ("/http/breach/http2-setting", test_settings_of_http2);
  g_test_add_func ("/http/breach/no-settings", test_no_settings);
  g_test_add_func ("/http/no-breach", test_no_breach);
  g_test_add_func ("/http/goaway", test_goaway);
  g_test_add_func ("/http/limits", test_limits);
  g_test_add_func ("/http/marks", test_marks);
  return g_test_run ();
}
