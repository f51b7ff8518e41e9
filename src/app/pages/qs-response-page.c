/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-response-page.h"

#include "app/widgets/qs-bytes-view.h"
#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-facts-grid.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-saved-strip.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-file-writer.h"

#define MOST_SAVED ((gsize) 64 << 20) /* of a file: no more of it is kept in memory */

struct _QsResponsePage {
  QsPage parent;
  GtkStack *stack;
  GtkLabel *status, *size, *error;
  GtkExpander *headers_expander;
  QsFactsGrid *headers;
  GtkToggleButton *hex;
  QsBytesView *body;
  GtkWidget *save;
};

G_DEFINE_FINAL_TYPE (QsResponsePage, qs_response_page, QS_TYPE_PAGE)

static void
show_error (QsResponsePage *self, const char *message)
{
  gtk_label_set_text (self->error, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), message != NULL);
}

/* What the DNS says of the site, and whether what is advertised answers: a line each behind the status. */
static void
show_ways (QsResponsePage *self, QsTrace *trace)
{
  g_autoptr (GString) text = g_string_new (gtk_label_get_text (self->status));

  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      gboolean answers = g_strcmp0 (mark->name, "answers") == 0 || g_strcmp0 (mark->name, "same") == 0;
      g_autofree char *line = NULL;
      if (mark->kind == QS_MARK_HTTPS_RECORD && mark->bytes != NULL)
        line = g_strdup_printf (_ ("HTTPS record of the DNS: %s"), mark->text);
      else if (mark->kind == QS_MARK_ALTERNATIVE)
        line = g_strdup_printf (answers ? _ ("Advertised, and answers: %s") : _ ("Advertised, and does not answer: %s"),
                                mark->text);
      if (line != NULL)
        g_string_append_printf (text, "\n%s", line);
    }
  gtk_label_set_text (self->status, text->str);
}

static void
show_status (QsResponsePage *self, const char *version, guint status)
{
  g_autofree char *text = NULL;

  if (version == NULL)
    text = g_strdup (_ ("Bytes received on the first stream"));
  else if (status == 0)
    text = g_strdup_printf (_ ("HTTP/%s, which has no status"), version);
  else
    text = g_strdup_printf (_ ("HTTP/%s status %u"), version, status);
  gtk_label_set_text (self->status, text);
}

static void
show_headers (QsResponsePage *self, const char *const *headers)
{
  guint n = headers != NULL ? g_strv_length ((char **) headers) / 2 : 0;
  g_autofree QsFact *facts = g_new0 (QsFact, n + 1);
  g_autofree char *label = g_strdup_printf (ngettext ("%u header field", "%u header fields", n), n);

  for (guint i = 0; i < n; i++)
    facts[i] = (QsFact){ headers[2 * i], headers[2 * i + 1] };
  qs_facts_grid_set_facts (self->headers, facts, n);
  gtk_expander_set_label (self->headers_expander, label);
  gtk_widget_set_visible (GTK_WIDGET (self->headers_expander), n > 0);
}

/* Of a run that goes on as of a file. */
static void
show_head (QsResponsePage *self, QsRun *run)
{
  const QsStudyAnswer *answer = qs_study_get_answer (qs_run_get_study (run));

  show_status (self, answer != NULL ? answer->version : NULL, answer != NULL ? answer->status : 0);
  show_ways (self, qs_study_get_trace (qs_run_get_study (run)));
  show_headers (self, answer != NULL ? (const char *const *) answer->headers : NULL);
}

static QsStream *
dup_first_stream (QsProbe *probe)
{
  return g_list_model_get_item (qs_probe_get_streams (probe), 0);
}

/* Without a request there is no answer: then what came on the first stream is what there is. */
static guint64
get_length (QsProbe *probe)
{
  g_autoptr (QsStream) first = dup_first_stream (probe);

  if (qs_probe_get_http_version (probe) != NULL)
    return qs_probe_get_response_length (probe);
  return first != NULL ? qs_stream_get_bytes_received (first) : 0;
}

static GBytes *
dup_bytes (QsProbe *probe, gsize most)
{
  g_autoptr (QsStream) first = dup_first_stream (probe);

  if (qs_probe_get_http_version (probe) != NULL)
    return qs_probe_dup_response_start (probe, most);
  return first != NULL ? qs_stream_dup_received_start (first, most) : g_bytes_new (NULL, 0);
}

static gboolean
is_growing (QsProbe *probe)
{
  g_autoptr (QsStream) first = dup_first_stream (probe);

  return !qs_probe_get_finished (probe) && first != NULL && qs_stream_get_read_state (first) == QS_STREAM_OK;
}

static void
show_size (QsResponsePage *self, guint64 total)
{
  g_autofree char *size = qs_text_size (total);
  g_autofree char *limit = qs_text_size (qs_bytes_view_get_limit (self->body));
  g_autofree char *label = total > qs_bytes_view_get_limit (self->body)
                               ? g_strdup_printf (_ ("%s, the first %s are shown"), size, limit)
                               : g_strdup (size);

  gtk_label_set_text (self->size, label);
}

static void
show_body (QsResponsePage *self, QsProbe *probe)
{
  guint64 total = get_length (probe);

  qs_bytes_view_set_growing (self->body, is_growing (probe));
  if (qs_bytes_view_wants (self->body, probe))
    {
      g_autoptr (GBytes) bytes = dup_bytes (probe, QS_BYTES_VIEW_TEXT_LIMIT);
      qs_bytes_view_set_bytes (self->body, probe, bytes);
    }
  show_size (self, total);
  gtk_widget_set_sensitive (self->save, total > 0);
}

/* --- From a file ------------------------------------------------------------------------ */

static QsRecordedAnswer *
dup_recorded (QsRun *run, gsize limit)
{
  return qs_recording_dup_answer (qs_study_get_recording (qs_run_get_study (run)), qs_run_get_summary (run)->alpn,
                                  limit);
}

static void
show_recorded (QsResponsePage *self, QsRun *run)
{
  g_autoptr (QsRecordedAnswer) answer = dup_recorded (run, qs_bytes_view_get_limit (self->body) + 1);

  gtk_stack_set_visible_child_name (self->stack, answer != NULL ? "content" : "none");
  if (answer == NULL)
    return;
  show_head (self, run);
  qs_bytes_view_set_growing (self->body, FALSE);
  qs_bytes_view_set_bytes (self->body, run, answer->body);
  if (answer->has_bytes)
    show_size (self, answer->length);
  else
    {
      g_autofree char *size = qs_text_size (answer->length);
      g_autofree char *label =
          g_strdup_printf (_ ("%s, which this file does not hold: a qlog tells of bytes without them"), size);
      gtk_label_set_text (self->size, label);
    }
  gtk_widget_set_sensitive (self->save, answer->has_bytes);
}

static gboolean
has_answer (QsProbe *probe)
{
  return qs_probe_get_http_version (probe) != NULL || get_length (probe) > 0;
}

static void
hex_toggled_cb (QsResponsePage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));

  qs_bytes_view_set_hex (self->body, gtk_toggle_button_get_active (self->hex));
  if (run != NULL && qs_run_get_probe (run) != NULL)
    show_body (self, qs_run_get_probe (run));
  else if (run != NULL)
    show_recorded (self, run);
}

typedef struct {
  char *path;
  GBytes *bytes;
} Save;

static void
save_free (gpointer data)
{
  Save *save = data;

  g_free (save->path);
  g_bytes_unref (save->bytes);
  g_free (save);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Save *save = data;
  GError *error = NULL;
  gsize length;
  const void *bytes = g_bytes_get_data (save->bytes, &length);

  if (qs_file_write (save->path, 0666, bytes, length, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    qs_saved_tell (GTK_WIDGET (source), ((Save *) g_task_get_task_data (G_TASK (result)))->path);
  else
    show_error (QS_RESPONSE_PAGE (source), error->message);
}

static GBytes *
dup_whole (QsRun *run)
{
  if (qs_run_get_probe (run) != NULL)
    return dup_bytes (qs_run_get_probe (run), G_MAXSIZE);
  g_autoptr (QsRecordedAnswer) answer = dup_recorded (run, MOST_SAVED);
  return answer != NULL ? g_bytes_ref (answer->body) : g_bytes_new (NULL, 0);
}

static void
save_cb (QsResponsePage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  if (run == NULL)
    return;

  QsProbe *probe = qs_run_get_probe (run);
  g_autofree char *name =
      qs_text_to_file_name (probe != NULL ? qs_target_get_host (qs_probe_get_target (probe)) : qs_run_get_title (run));
  g_autofree char *path = qs_file_dialog_save (GTK_WIDGET (self), _ ("Save the response"), name);
  if (path == NULL)
    return;

  Save *save = g_new0 (Save, 1);
  save->path = g_steal_pointer (&path);
  save->bytes = dup_whole (run);
  show_error (self, NULL);
  g_autoptr (GTask) task = g_task_new (self, NULL, saved_cb, NULL);
  g_task_set_task_data (task, save, save_free);
  g_task_run_in_thread (task, save_in_thread);
}

static void
qs_response_page_run_changed (QsPage *page, QsRun *run)
{
  QsResponsePage *self = QS_RESPONSE_PAGE (page);

  show_error (self, NULL);
  qs_bytes_view_clear (self->body);
  if (run == NULL)
    gtk_stack_set_visible_child_name (self->stack, "empty");
}

static void
qs_response_page_update (QsPage *page, QsRun *run)
{
  QsResponsePage *self = QS_RESPONSE_PAGE (page);
  QsProbe *probe = qs_run_get_probe (run);

  if (probe == NULL)
    {
      show_recorded (self, run);
      return;
    }
  if (!has_answer (probe))
    {
      gtk_stack_set_visible_child_name (self->stack, "none");
      return;
    }
  gtk_stack_set_visible_child_name (self->stack, "content");
  show_head (self, run);
  show_body (self, probe);
}

static GtkWidget *
qs_response_page_get_content (QsPage *page)
{
  return GTK_WIDGET (QS_RESPONSE_PAGE (page)->body);
}

static void
qs_response_page_class_init (QsResponsePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  QS_PAGE_CLASS (klass)->run_changed = qs_response_page_run_changed;
  QS_PAGE_CLASS (klass)->update = qs_response_page_update;
  QS_PAGE_CLASS (klass)->get_content = qs_response_page_get_content;

  g_type_ensure (QS_TYPE_BYTES_VIEW);
  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_FACTS_GRID);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-response-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, status);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, size);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, error);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, headers_expander);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, headers);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, hex);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, body);
  gtk_widget_class_bind_template_child (widget_class, QsResponsePage, save);
  gtk_widget_class_bind_template_callback (widget_class, hex_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, save_cb);
}

static void
qs_response_page_init (QsResponsePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
