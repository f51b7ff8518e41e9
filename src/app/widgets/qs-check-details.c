/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-check-details.h"

#include "app/models/qs-check-list.h"
#include "base/qs-i18n.h"
#include "charts/qs-packet-text.h"

#define MOST_PACKETS 12

struct _QsCheckDetails {
  GtkBin parent;
  GtkWidget *nothing, *content;
  GtkImage *icon;
  GtkLabel *verdict, *title, *found, *readings_title, *readings, *facts, *packets_title;
  GtkContainer *packets;
  GtkWidget *sequence, *list, *repeat;
};

enum { SHOW_PACKET, REPEAT, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsCheckDetails, qs_check_details, GTK_TYPE_BIN)

static void
packet_cb (GtkButton *button, QsCheckDetails *self)
{
  guint packet = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), "qs-packet"));

  g_signal_emit (self, signals[SHOW_PACKET], 0, (gint64) packet, "packets");
}

static void
sequence_cb (QsCheckDetails *self)
{
  g_signal_emit (self, signals[SHOW_PACKET], 0, (gint64) -1, "sequence");
}

static void
list_cb (QsCheckDetails *self)
{
  g_signal_emit (self, signals[SHOW_PACKET], 0, (gint64) -1, "packets");
}

static void
repeat_cb (QsCheckDetails *self)
{
  g_signal_emit (self, signals[REPEAT], 0);
}

static void
show_label (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

static void
add_packet (QsCheckDetails *self, QsTrace *trace, guint packet)
{
  g_autofree char *time = qs_packet_text_time (trace, packet);
  g_autofree char *direction = qs_packet_text_direction (trace, packet);
  g_autofree char *summary = qs_packet_text_summary (trace, packet);
  g_autofree char *text = g_strdup_printf ("%s ms  %s: %s", time, direction, summary);
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", 0.0f, "ellipsize", PANGO_ELLIPSIZE_END,
                                   "tooltip-text", text, "visible", TRUE, NULL);
  GtkWidget *button = g_object_new (GTK_TYPE_BUTTON, "relief", GTK_RELIEF_NONE, "child", label, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), "qs-number");
  gtk_style_context_add_class (gtk_widget_get_style_context (button), "qs-small-button");
  g_object_set_data (G_OBJECT (button), "qs-packet", GUINT_TO_POINTER (packet));
  g_signal_connect (button, "clicked", G_CALLBACK (packet_cb), self);
  atk_object_set_name (gtk_widget_get_accessible (button), text);
  gtk_container_add (self->packets, button);
}

static void
show_packets (QsCheckDetails *self, const QsCheckResult *result)
{
  const GArray *packets = result->judgement.packets;
  guint n = result->trace != NULL && packets != NULL ? MIN (packets->len, MOST_PACKETS) : 0;

  gtk_container_foreach (self->packets, (GtkCallback) (void (*) (void)) gtk_widget_destroy, NULL);
  for (guint i = 0; i < n; i++)
    add_packet (self, result->trace, g_array_index (packets, guint, i));
  gtk_widget_set_visible (GTK_WIDGET (self->packets_title), n > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->packets), n > 0);
}

static void
show_verdict (QsCheckDetails *self, const QsCheckResult *result)
{
  guint state = result->done ? result->judgement.verdict : QS_CHECK_STATE_WAITING;
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->icon));
  g_autofree char *text =
      g_strdup_printf ("%s · %s", result->check->id, result->done ? qs_check_verdict_title (state) : _ ("not yet"));

  for (guint i = 0; i < QS_CHECK_N_STATES; i++)
    gtk_style_context_remove_class (style, qs_check_state_css_class (i));
  gtk_style_context_add_class (style, qs_check_state_css_class (state));
  gtk_image_set_from_icon_name (self->icon, qs_check_state_icon_name (state), GTK_ICON_SIZE_BUTTON);
  gtk_label_set_text (self->verdict, text);
}

/* The section that asks for it, what a fail would mean, how often it was tried, what it was before. */
static char *
facts_of (const QsCheckResult *result, const QsCardRecord *earlier)
{
  const QsCheck *check = result->check;
  GString *text = g_string_new (check->reference);
  QsCheckVerdict before;

  g_string_append_printf (text, "\n%s", qs_card_mark_title (check->mark));
  if (check->cap != QS_GRADE_NONE && (check->flags & (QS_CHECK_SHOULD | QS_CHECK_MAY | QS_CHECK_IS_CONTESTED)) == 0)
    g_string_append_printf (text, _ (", a fail allows %s at best"), qs_grade_text (check->cap));
  if (result->n_runs > 0)
    g_string_append_printf (text, ngettext ("\nJudged by %u run", "\nJudged by %u runs", result->n_runs),
                            result->n_runs);
  if ((check->flags & QS_CHECK_ILLEGAL) != 0)
    g_string_append_printf (text, "\n%s", _ ("It sends what no honest client sends."));
  if (earlier != NULL && result->done && qs_card_record_get_verdict (earlier, check->id, &before))
    g_string_append_printf (text, _ ("\nOn the earlier card: %s"), qs_check_verdict_title (before));
  return g_string_free (text, FALSE);
}

void
qs_check_details_show (QsCheckDetails *self, const QsCheckResult *result, const QsCardRecord *earlier,
                       gboolean can_repeat)
{
  g_return_if_fail (QS_IS_CHECK_DETAILS (self));

  gtk_widget_set_visible (self->nothing, result == NULL);
  gtk_widget_set_visible (self->content, result != NULL);
  if (result == NULL)
    return;
  gboolean contested = result->check->readings != NULL;
  g_autofree char *facts = facts_of (result, earlier);

  show_verdict (self, result);
  gtk_label_set_text (self->title, _ (result->check->title));
  show_label (self->found, result->judgement.text);
  show_label (self->readings, contested ? _ (result->check->readings) : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->readings_title), contested);
  show_label (self->facts, facts);
  show_packets (self, result);
  gtk_widget_set_sensitive (self->sequence, result->trace != NULL);
  gtk_widget_set_sensitive (self->list, result->trace != NULL);
  gtk_widget_set_sensitive (self->repeat, can_repeat);
}

char *
qs_check_details_dup_text (const QsCheckResult *result, const char *target)
{
  const QsCheck *check = result->check;
  GString *text = g_string_new (target);

  g_string_append_printf (text, "\n%s %s: %s\n", check->id,
                          result->done ? qs_check_verdict_title (result->judgement.verdict) : _ ("not yet"),
                          _ (check->title));
  if (result->judgement.text != NULL && *result->judgement.text != '\0')
    g_string_append_printf (text, "%s\n", result->judgement.text);
  if (check->readings != NULL)
    g_string_append_printf (text, "%s\n", _ (check->readings));
  g_string_append_printf (text, "%s\n", check->reference);
  return g_string_free (text, FALSE);
}

static void
qs_check_details_class_init (QsCheckDetailsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  signals[SHOW_PACKET] = g_signal_new ("show-packet", QS_TYPE_CHECK_DETAILS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_STRING);
  signals[REPEAT] =
      g_signal_new ("repeat", QS_TYPE_CHECK_DETAILS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-check-details.ui");
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, nothing);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, content);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, icon);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, verdict);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, title);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, found);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, readings_title);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, readings);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, facts);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, packets_title);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, packets);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, sequence);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, list);
  gtk_widget_class_bind_template_child (widget_class, QsCheckDetails, repeat);
  gtk_widget_class_bind_template_callback (widget_class, sequence_cb);
  gtk_widget_class_bind_template_callback (widget_class, list_cb);
  gtk_widget_class_bind_template_callback (widget_class, repeat_cb);
}

static void
qs_check_details_init (QsCheckDetails *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
