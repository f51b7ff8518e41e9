/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-chart-export.h"
#include "report/qs-html-report.h"

#include <glib/gstdio.h>
#include <string.h>

/* A run that failed, with a peer that tries to get markup and escape sequences into the page. */
static QsTrace *
make_trace (void)
{
  g_autoptr (QsClock) clock = qs_clock_new_manual (G_GINT64_CONSTANT (1790000000000000000));
  QsTrace *trace = qs_trace_new (QS_VANTAGE_CLIENT, clock);
  QsMark close = { .kind = QS_MARK_CLOSE,
                   .name = "remote",
                   .value = 0x178,
                   .stream = -1,
                   .text = g_strdup ("<script>alert(1)</script>\\x1b[31m") };
  QsPacket packet = { .time = 1500000,
                      .number = 7,
                      .record = G_MAXUINT32,
                      .length = 1200,
                      .type = QS_PACKET_INITIAL,
                      .direction = QS_DIRECTION_SENT,
                      .flags = QS_PACKET_FROM_QLOG };

  qs_trace_set_title (trace, "quic://localhost/<b>&\"");
  qs_trace_add_mark (trace, QS_MARK_RESOLVED, NULL, 1, "127.0.0.1");
  qs_trace_add_fact (trace, "offer.alpn", "h3,<img src=x onerror=alert(1)>");
  qs_trace_add_fact (trace, "tls.alpn", "</td></table><svg onload=alert(2)>");
  qs_trace_add_fact (trace, "tls.sni", "\"><script src=//evil.example></script>");
  qs_trace_add_fact (trace, "tls.cipher", "'><a href=javascript:alert(3)>");
  qs_trace_add_mark_full (trace, 2000000, &close);
  qs_trace_add_mark (trace, QS_MARK_OUTCOME, "failed", 0, "handshake");
  qs_trace_add_mark (trace, QS_MARK_EXPERIMENT, "alpn-h3", 1, "It speaks <i>h3</i>.");
  qs_trace_add_packet (trace, &packet);
  return trace;
}

static void
start_element (GMarkupParseContext *context, const char *name, const char **names, const char **values, gpointer data,
               GError **error)
{
  ++*(guint *) data;
  /* Nothing that runs or loads. */
  g_assert_cmpstr (name, !=, "script");
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_assert_false (g_str_has_prefix (names[i], "on"));
      g_assert_false (g_str_equal (names[i], "src"));
    }
}

static char *
page_of (QsTrace *trace)
{
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);

  return qs_html_report_new (study);
}

static void
test_escaped (void)
{
  static const GMarkupParser parser = { .start_element = start_element };
  g_autoptr (QsTrace) trace = make_trace ();
  g_autofree char *page = page_of (trace);
  guint n_elements = 0;

  g_assert_true (g_str_has_prefix (page, "<!DOCTYPE html>"));
  g_assert_nonnull (strstr (page, "alpn-mismatch"));
  g_assert_nonnull (strstr (page, "&lt;b&gt;&amp;"));
  g_assert_null (strstr (page, "<b>&"));
  g_assert_nonnull (strstr (page, "<td>It speaks &lt;i&gt;h3&lt;/i&gt;.</td>"));
  g_assert_null (strchr (page, '\x1b'));
  g_assert_nonnull (strstr (page, "<svg"));
  g_assert_true (g_utf8_validate (page, -1, NULL));

  /* From the body on it is well-formed: what a peer said closes no element. */
  char *body = strstr (page, "<body>");
  g_assert_nonnull (body);
  *strstr (body, "</html>") = '\0';
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &n_elements, NULL);
  g_autoptr (GError) error = NULL;
  g_markup_parse_context_parse (context, body, -1, &error);
  g_assert_no_error (error);
  g_assert_true (g_markup_parse_context_end_parse (context, NULL));
  g_assert_cmpuint (n_elements, >, 30);
}

static void
test_empty (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autofree char *page = page_of (trace);

  g_assert_true (g_str_has_suffix (page, "</html>\n"));
}

/* More than a page can show, and none of it bulk that could be bundled: bounded, and it says so. */
static void
test_large (void)
{
  const guint n_packets = 100000, n_streams = 3000;
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsMark stream = { .kind = QS_MARK_STREAM,
                    .read_state = QS_STREAM_FINISHED,
                    .write_state = QS_STREAM_RESET_REMOTE,
                    .read_error = -1,
                    .write_error = 0x42,
                    .received = 7,
                    .sent = 9 };

  for (guint i = 0; i < n_packets; i++)
    {
      QsPacket packet = { .time = (gint64) i * 1000000,
                          .number = i,
                          .record = G_MAXUINT32,
                          .length = 30,
                          .type = QS_PACKET_INITIAL,
                          .direction = i % 2 == 0 ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED,
                          .n_frames = 1,
                          .frames = 1 << QS_FRAME_PING,
                          .flags = QS_PACKET_FROM_QLOG };
      qs_trace_add_packet (trace, &packet);
    }
  for (guint i = 0; i < n_streams; i++)
    {
      stream.stream = 4 * i;
      qs_trace_add_mark_full (trace, i, &stream);
    }

  g_autofree char *page = page_of (trace);
  g_test_message ("%" G_GSIZE_FORMAT " bytes", strlen (page));
  g_assert_cmpuint (strlen (page), <, 6000000);
  g_assert_nonnull (strstr (page, "95000 of 100000 packets are left out"));
  g_assert_nonnull (strstr (page, ">4499</td>"));
  g_assert_null (strstr (page, ">4500</td>"));
  g_assert_null (strstr (page, ">99499</td>"));
  g_assert_nonnull (strstr (page, ">99500</td>"));
  g_assert_nonnull (strstr (page, ">99999</td>"));
  g_assert_nonnull (strstr (page, "The first 500 of 3000 streams."));
  g_assert_nonnull (strstr (page, "<td>FINISHED</td><td>RESET_REMOTE</td><td>0x42</td>"));
  g_assert_nonnull (strstr (page, "The picture is too high for a page"));
  g_assert_nonnull (strstr (page, "<svg"));
}

static void
test_write (void)
{
  g_autoptr (QsTrace) trace = make_trace ();
  g_autofree char *folder = g_dir_make_tmp ("qs-report-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "report.html", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "missing", "report.html", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
  g_assert_true (qs_html_report_write (study, path, NULL));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_suffix (text, "</html>\n"));
  g_assert_false (qs_html_report_write (study, nowhere, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  if (g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    {
      g_assert_false (qs_html_report_write (study, "/dev/full", &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_assert_false (g_file_test ("/dev/full", G_FILE_TEST_IS_REGULAR));
    }
  g_unlink (path);
  g_rmdir (folder);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_html_report_write_finish (result, &error));
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static void
pictured_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_chart_job_write_finish (result, &error));
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static QsTrace *
make_long_trace (guint n_packets)
{
  QsTrace *trace = make_trace ();

  for (guint i = 0; i < n_packets; i++)
    {
      const QsPacket packet = { .time = 2000000 + (gint64) i * 3000000,
                                .number = i,
                                .record = G_MAXUINT32,
                                .length = 1200,
                                .type = QS_PACKET_1RTT,
                                .direction = i % 2,
                                .flags = QS_PACKET_FROM_QLOG };
      qs_trace_add_packet (trace, &packet);
    }
  return trace;
}

/* In slices it is the same page; in between others have their turn. */
static void
test_slices (void)
{
  g_autofree char *folder = g_dir_make_tmp ("qs-report-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "report.html", NULL);
  g_autoptr (QsTrace) trace = make_long_trace (6000);
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
  g_autofree char *at_once = qs_html_report_new (study), *in_slices = NULL;
  gboolean done = FALSE;
  guint n_turns = 0;

  qs_html_report_write_async (study, path, written_cb, &done);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  for (; !done; n_turns++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_turns, >, 3);
  g_assert_true (g_file_get_contents (path, &in_slices, NULL, NULL));
  const char *first = strstr (at_once, "<figure"), *second = strstr (in_slices, "<figure");
  g_assert_nonnull (first);
  g_assert_nonnull (second);
  /* The picture's bands are cut where they meet: its text is another one, what is around it the same. */
  g_assert_cmpint (first - at_once, ==, second - in_slices);
  g_assert_cmpmem (at_once, (gsize) (first - at_once), in_slices, (gsize) (second - in_slices));
  g_assert_cmpstr (strstr (first, "</figure>"), ==, strstr (second, "</figure>"));
  g_unlink (path);
  g_rmdir (folder);
}

/* Pictures of each format, made in slices and finished in a thread. */
static void
test_pictures (void)
{
  static const struct {
    const char *name;
    const char *magic;
  } files[] = {
    { "a.svg", "<?xml" },
    { "a.png", "\x89PNG" },
    { "a.pdf", "%PDF" },
  };
  g_autofree char *folder = g_dir_make_tmp ("qs-test-XXXXXX", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i].name, NULL), *bytes = NULL;
      g_autoptr (QsTrace) trace = make_long_trace (300);
      gboolean done = FALSE;

      qs_chart_job_write_async (qs_chart_job_new_sequence (trace, NULL, NULL, qs_chart_format_for_name (path),
                                                           G_MAXDOUBLE),
                                path, pictured_cb, &done);
      while (!done)
        g_main_context_iteration (NULL, TRUE);
      g_assert_true (g_file_get_contents (path, &bytes, NULL, NULL));
      g_assert_true (g_str_has_prefix (bytes, files[i].magic));
      g_unlink (path);
    }
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/html-report/escaped", test_escaped);
  g_test_add_func ("/html-report/empty", test_empty);
  g_test_add_func ("/html-report/large", test_large);
  g_test_add_func ("/html-report/write", test_write);
  g_test_add_func ("/html-report/slices", test_slices);
  g_test_add_func ("/html-report/pictures", test_pictures);
  return g_test_run ();
}
