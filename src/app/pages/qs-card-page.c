/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-card-page.h"

#include "app/models/qs-check-list.h"
#include "app/models/qs-examiner.h"
#include "app/pages/qs-card-files.h"
#include "app/widgets/qs-card-header.h"
#include "app/widgets/qs-check-details.h"
#include "app/widgets/qs-check-view.h"
#include "app/widgets/qs-copy.h"
#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-saved-strip.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"

/* Pixels: what is said of a check stands below the list where both have no room side by side, or more one above the other. */
#define NARROW 640
#define RATHER_NARROW 900
#define HIGH 760
#define DETAILS_WIDTH 310
#define DETAILS_HEIGHT 240

struct _QsCardPage {
  QsPage parent;
  GtkEntry *target, *checks, *search;
  GtkComboBox *profile, *shown, *category;
  GtkWidget *examine, *stop, *consent, *save, *compare, *forget, *checks_button;
  GtkLabel *error, *consent_text, *count;
  GtkStack *stack;
  QsCardHeader *header;
  GtkPaned *paned;
  QsCheckView *view;
  QsCheckDetails *details;

  QsExaminer *examiner;
  QsCheckList *list;
  QsOptionsPopover *options;
  GtkEntry *window_target;
  QsExamination *shown_card;
  char *proposed; /* what the entry was filled with, not by a person */
  guint turn_id;
  guint due; /* bit i: parts[i] is to be shown again */
  guint tick_id;
};

G_DEFINE_FINAL_TYPE (QsCardPage, qs_card_page, QS_TYPE_PAGE)

static void
show_error (QsCardPage *self, const char *message)
{
  gtk_label_set_text (self->error, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), message != NULL);
}

/* --- The check that is chosen ----------------------------------------------------------- */

static const QsCheckResult *
get_result (QsCardPage *self, guint index)
{
  QsExamination *examination = qs_examiner_get_examination (self->examiner);

  return examination != NULL ? qs_examination_get_result (examination, index) : NULL;
}

static void
show_chosen (QsCardPage *self)
{
  guint chosen = qs_check_view_get_chosen (self->view);

  qs_check_details_show (self->details, get_result (self, chosen), qs_examiner_get_earlier (self->examiner),
                         qs_examiner_can_repeat (self->examiner, chosen));
}

/* The check's own run becomes one of the window's, with what shows the verdict selected. */
static void
open_run (QsCardPage *self, gint64 packet, const char *page)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));
  const QsCheckResult *result = get_result (self, qs_check_view_get_chosen (self->view));

  if (result == NULL || result->trace == NULL)
    return;
  QsTarget *target = qs_examination_get_target (qs_examiner_get_examination (self->examiner));
  g_autofree char *title = g_strdup_printf ("%s · %s", result->check->id, qs_target_to_string (target));
  qs_session_show_trace (session, result->trace, title);
  const GArray *packets = result->judgement.packets;
  if (packet < 0 && packets != NULL && packets->len > 0)
    packet = g_array_index (packets, guint, 0);
  qs_session_set_selection (session, packet);
  qs_session_show_page (session, page);
}

static void
show_packet_cb (QsCardPage *self, gint64 packet, const char *page)
{
  open_run (self, packet, page);
}

static void
activated_cb (QsCardPage *self)
{
  open_run (self, -1, "sequence");
}

static void
repeat_cb (QsCardPage *self)
{
  qs_examiner_repeat (self->examiner, qs_check_view_get_chosen (self->view));
}

static void
copy_cb (QsCardPage *self)
{
  const QsCheckResult *result = get_result (self, qs_check_view_get_chosen (self->view));

  if (result == NULL)
    return;
  g_autofree char *text = qs_check_details_dup_text (
      result, qs_target_to_string (qs_examination_get_target (qs_examiner_get_examination (self->examiner))));
  qs_copy_text (GTK_WIDGET (self), text);
}

static void
add_menu_item (QsCardPage *self, GtkWidget *menu, const char *label, GCallback callback, gboolean sensitive)
{
  GtkWidget *item = gtk_menu_item_new_with_mnemonic (label);

  gtk_widget_set_sensitive (item, sensitive);
  g_signal_connect_swapped (item, "activate", callback, self);
  gtk_widget_show (item);
  gtk_menu_shell_append (GTK_MENU_SHELL (menu), item);
}

static void
packets_cb (QsCardPage *self)
{
  open_run (self, -1, "packets");
}

static void
menu_cb (QsCardPage *self, GdkEvent *event)
{
  guint chosen = qs_check_view_get_chosen (self->view);
  const QsCheckResult *result = get_result (self, chosen);
  GtkWidget *menu = gtk_menu_new ();
  gboolean has_run = result != NULL && result->trace != NULL;

  add_menu_item (self, menu, _ ("Show the _Sequence"), G_CALLBACK (activated_cb), has_run);
  add_menu_item (self, menu, _ ("Show the _Packets"), G_CALLBACK (packets_cb), has_run);
  add_menu_item (self, menu, _ ("Check _Again"), G_CALLBACK (repeat_cb),
                 qs_examiner_can_repeat (self->examiner, chosen));
  add_menu_item (self, menu, _ ("_Copy"), G_CALLBACK (copy_cb), result != NULL);
  gtk_menu_attach_to_widget (GTK_MENU (menu), GTK_WIDGET (self->view), NULL);
  g_signal_connect (menu, "selection-done", G_CALLBACK (gtk_widget_destroy), NULL);
  qs_check_view_popup (self->view, GTK_MENU (menu), event);
}

/* --- The list --------------------------------------------------------------------------- */

static void
show_count (QsCardPage *self)
{
  QsExamination *examination = qs_examiner_get_examination (self->examiner);
  guint n = examination != NULL ? qs_examination_get_n_results (examination) : 0;
  guint shown = qs_check_list_get_n_shown (self->list);
  g_autofree char *text = shown < n ? g_strdup_printf (_ ("%u of %u"), shown, n)
                                    : g_strdup_printf (ngettext ("%u check", "%u checks", n), n);

  gtk_label_set_text (self->count, text);
}

static void
list_reset_cb (QsCardPage *self)
{
  show_count (self);
  show_chosen (self);
}

static void
filter_changed_cb (QsCardPage *self)
{
  int shown = gtk_combo_box_get_active (self->shown), category = gtk_combo_box_get_active (self->category);

  if (self->list != NULL && shown >= 0 && category >= 0)
    qs_check_list_filter (self->list, (guint) shown, category == 0 ? QS_N_CATEGORIES : (guint) category - 1,
                          gtk_entry_get_text (self->search));
}

/* What may be chosen: the rows of QsChecksShown, then the verdicts, the worst last as they are numbered. */
static void
fill_filters (QsCardPage *self)
{
  static const char *const shown[] = { N_ ("All verdicts"), N_ ("Faults and doubts"), N_ ("Changed") };
  GtkComboBoxText *verdicts = GTK_COMBO_BOX_TEXT (self->shown);
  GtkComboBoxText *categories = GTK_COMBO_BOX_TEXT (self->category);

  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    gtk_combo_box_text_append_text (verdicts, _ (shown[i]));
  for (guint i = 0; i < QS_CHECK_N_VERDICTS; i++)
    gtk_combo_box_text_append_text (verdicts, qs_check_verdict_title (i));
  gtk_combo_box_text_append_text (categories, _ ("All categories"));
  for (guint i = 0; i < QS_N_CATEGORIES; i++)
    gtk_combo_box_text_append_text (categories, qs_check_category_title (i));
  gtk_combo_box_set_active (self->shown, 0);
  gtk_combo_box_set_active (self->category, 0);
}

/* In some languages the names are long: they must not ask for a wider window. */
static void
let_shrink (GtkComboBox *box)
{
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (box));

  g_object_set (cells->data, "ellipsize", PANGO_ELLIPSIZE_END, "width-chars", 12, NULL);
}

/* --- The card --------------------------------------------------------------------------- */

static void
show_comparison (QsCardPage *self)
{
  guint worse = qs_check_list_count_changes (self->list, QS_CARD_WORSE);
  guint better = qs_check_list_count_changes (self->list, QS_CARD_BETTER);
  guint other = qs_check_list_count_changes (self->list, QS_CARD_OTHER);
  const QsCardRecord *earlier = qs_examiner_get_earlier (self->examiner);

  gtk_widget_set_visible (self->forget, earlier != NULL);
  if (earlier == NULL)
    {
      qs_card_header_set_comparison (self->header, NULL);
      return;
    }
  g_autofree char *rest = other > 0 ? g_strdup_printf (_ (", %u not tested on one of both"), other) : g_strdup ("");
  /* Translators: a file's name, its grade, how many checks are worse and better, and ", 3 not tested on one of both" */
  g_autofree char *text =
      g_strdup_printf (_ ("Beside %s (grade %s): %u worse, %u better%s"), qs_examiner_get_earlier_name (self->examiner),
                       qs_grade_text (qs_card_record_get_grade (earlier)), worse, better, rest);
  qs_card_header_set_comparison (self->header, text);
}

static void
show_consent (QsCardPage *self)
{
  gboolean asking = qs_examiner_is_asking (self->examiner);

  if (asking && !gtk_widget_get_visible (self->consent))
    {
      QsExamination *examination = qs_examiner_get_examination (self->examiner);
      g_autofree char *text = g_strdup_printf (
          _ ("%s is at %s, which is neither this machine nor a private network. Some checks send what no honest client "
             "sends: only to a server that is yours, or whose owner agrees. Nothing is sent before you answer."),
          qs_target_get_display_host (qs_examination_get_target (examination)),
          qs_examination_get_address (examination));
      gtk_label_set_text (self->consent_text, text);
    }
  gtk_widget_set_visible (self->consent, asking);
}

/* Whoever has the focus and goes gives it to what takes its place. */
static void
show_running (QsCardPage *self)
{
  gboolean running = qs_examiner_get_running (self->examiner);
  gboolean had_focus = gtk_widget_has_focus (self->examine) || gtk_widget_has_focus (self->stop);

  gtk_widget_set_visible (self->stop, running);
  gtk_widget_set_visible (self->examine, !running);
  gtk_widget_set_sensitive (self->save, !running);
  gtk_widget_set_sensitive (self->compare, !running);
  if (had_focus && running)
    gtk_widget_grab_focus (self->stop);
  else if (had_focus)
    gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

/* The first of the worst: what one looks for. */
static void
choose_worst (QsCardPage *self, QsExamination *examination)
{
  guint worst = 0;

  for (guint i = 1; i < qs_examination_get_n_results (examination); i++)
    if (get_result (self, i)->judgement.verdict > get_result (self, worst)->judgement.verdict)
      worst = i;
  qs_check_view_choose (self->view, worst);
}

/* Another card: what was chosen is another check there, and the entry names whose card it is. */
static void
take_card (QsCardPage *self, QsExamination *examination)
{
  qs_check_view_choose (self->view, G_MAXUINT);
  g_free (self->proposed);
  self->proposed = g_strdup (qs_target_to_string (qs_examination_get_target (examination)));
  gtk_entry_set_text (self->target, self->proposed);
}

static void
show_header (QsCardPage *self)
{
  qs_card_header_show (self->header, self->examiner);
}

static void
show_list (QsCardPage *self)
{
  qs_check_list_set_card (self->list, qs_examiner_get_examination (self->examiner),
                          qs_examiner_get_earlier (self->examiner));
  show_count (self);
}

static void
show_details (QsCardPage *self)
{
  QsExamination *examination = qs_examiner_get_examination (self->examiner);

  if (examination != NULL && qs_examination_get_finished (examination) &&
      qs_check_view_get_chosen (self->view) == G_MAXUINT && qs_examination_get_n_results (examination) > 0)
    choose_worst (self, examination); /* which shows it */
  else
    show_chosen (self);
}

/* What changed costs a layout of all that is around it: together they would hold the loop for longer than a frame. */
static void (*const parts[]) (QsCardPage *self) = { show_list, show_header, show_comparison, show_details };

static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  QsCardPage *self = QS_CARD_PAGE (widget);

  if (gtk_widget_get_mapped (widget))
    for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
      {
        if ((self->due & (1u << i)) == 0)
          continue;
        self->due &= ~(1u << i);
        parts[i](self);
        if (self->due != 0)
          return G_SOURCE_CONTINUE;
      }
  self->tick_id = 0;
  return G_SOURCE_REMOVE;
}

/* At most one part a frame, and nothing while the page is hidden. */
static void
schedule (QsCardPage *self)
{
  if (self->tick_id == 0 && self->due != 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), tick_cb, NULL, NULL);
}

static void
examiner_changed_cb (QsCardPage *self)
{
  QsExamination *examination = qs_examiner_get_examination (self->examiner);

  gtk_stack_set_visible_child_name (self->stack, examination != NULL ? "content" : "empty");
  show_running (self);
  show_consent (self);
  if (examination != self->shown_card)
    {
      take_card (self, examination);
      show_list (self);
    }
  g_set_object (&self->shown_card, examination);
  self->due = (1u << G_N_ELEMENTS (parts)) - 1;
  schedule (self);
}

static void
result_cb (QsCardPage *self, guint index)
{
  qs_check_list_update (self->list, index);
  qs_card_header_show_progress (self->header, self->examiner);
  if (index == qs_check_view_get_chosen (self->view))
    self->due |= 1u << (G_N_ELEMENTS (parts) - 1);
  schedule (self);
}

gboolean
qs_card_page_examine (QsCardPage *self, const char *target)
{
  g_return_val_if_fail (QS_IS_CARD_PAGE (self) && self->options != NULL, FALSE);

  QsLab *lab = qs_session_get_lab (qs_page_get_session (QS_PAGE (self)));
  g_autoptr (QsProbeOptions) options = qs_options_popover_dup_options (self->options, lab);
  g_autofree char *checks = g_strstrip (g_strdup (gtk_entry_get_text (self->checks)));
  QsProfile profile = gtk_combo_box_get_active (self->profile) == 1 ? QS_PROFILE_PRIVATE : QS_PROFILE_PUBLIC;
  g_autoptr (GError) error = NULL;
  gboolean good = target != NULL ? qs_examiner_start (self->examiner, target, options, profile, checks, &error)
                                 : qs_examiner_start_lab (self->examiner, options, profile, checks, &error);

  show_error (self, good ? NULL : error->message);
  return good;
}

static void
examine_cb (QsCardPage *self)
{
  g_autofree char *target = g_strstrip (g_strdup (gtk_entry_get_text (self->target)));

  if (*target == '\0')
    show_error (self, _ ("Type which server is to be examined first, as https://example.org/ or quic://host:port."));
  else
    qs_card_page_examine (self, target);
}

static void
stop_cb (QsCardPage *self)
{
  qs_examiner_stop (self->examiner);
}

static void
own_cb (QsCardPage *self)
{
  qs_examiner_answer (self->examiner, TRUE);
}

static void
harmless_cb (QsCardPage *self)
{
  qs_examiner_answer (self->examiner, FALSE);
}

/* A word that cannot be used is told when it is used. */
static void
target_changed_cb (QsCardPage *self)
{
  show_error (self, NULL);
}

static void
checks_changed_cb (QsCardPage *self)
{
  GtkStyleContext *style = gtk_widget_get_style_context (self->checks_button);

  if (gtk_entry_get_text_length (self->checks) > 0)
    gtk_style_context_add_class (style, "qs-changed");
  else
    gtk_style_context_remove_class (style, "qs-changed");
  show_error (self, NULL);
}

/* --- Files ------------------------------------------------------------------------------ */

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsSaved) saved = data;
  g_autoptr (GError) error = NULL;

  if (qs_examiner_save_finish (QS_EXAMINER (source), result, &error))
    qs_saved_tell (saved->widget, saved->path);
  show_error (saved->widget, error != NULL ? error->message : NULL);
}

static void
save_cb (QsCardPage *self)
{
  QsExamination *examination = qs_examiner_get_examination (self->examiner);
  g_autofree char *path =
      qs_card_files_ask_save (GTK_WIDGET (self), qs_target_get_host (qs_examination_get_target (examination)));

  if (path != NULL && !qs_examiner_get_running (self->examiner))
    qs_examiner_save_async (self->examiner, path, qs_card_format_for_name (path), saved_cb, qs_saved_new (self, path));
}

static void
compare_cb (QsCardPage *self)
{
  g_autofree char *path = qs_card_files_ask_open (GTK_WIDGET (self));
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  qs_examiner_compare (self->examiner, path, &error);
  show_error (self, error != NULL ? error->message : NULL);
}

static void
forget_cb (QsCardPage *self)
{
  qs_examiner_compare (self->examiner, NULL, NULL);
}

/* --- The window's target ---------------------------------------------------------------- */

/* What a person typed here stays. */
static void
take_target (QsCardPage *self)
{
  const char *own = gtk_entry_get_text (self->target), *other;

  if (self->window_target == NULL)
    return;
  other = gtk_entry_get_text (self->window_target);
  if (*other == '\0' || (*own != '\0' && g_strcmp0 (own, self->proposed) != 0))
    return;
  g_free (self->proposed);
  self->proposed = g_strdup (other);
  gtk_entry_set_text (self->target, other);
}

void
qs_card_page_set_window (QsCardPage *self, QsOptionsPopover *options, GtkEntry *target)
{
  g_return_if_fail (QS_IS_CARD_PAGE (self) && QS_IS_OPTIONS_POPOVER (options) && GTK_IS_ENTRY (target));

  g_set_object (&self->options, options);
  g_set_object (&self->window_target, target);
}

void
qs_card_page_propose (QsCardPage *self)
{
  g_return_if_fail (QS_IS_CARD_PAGE (self));

  take_target (self);
  if (gtk_entry_get_text_length (self->target) == 0)
    gtk_widget_grab_focus (GTK_WIDGET (self->target));
  else
    gtk_widget_grab_focus (gtk_widget_get_visible (self->examine) ? self->examine : self->stop);
}

/* --- Overrides -------------------------------------------------------------------------- */

static gboolean
is_narrow (const GtkAllocation *area)
{
  return area->width < NARROW || (area->width < RATHER_NARROW && area->height > HIGH);
}

/* What of the page is in sight: it is given what it asks for, and scrolled to where that is more. */
static void
get_room (QsCardPage *self, GtkAllocation *area)
{
  GtkWidget *viewport = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_VIEWPORT);

  gtk_widget_get_allocation (GTK_WIDGET (self), area);
  if (viewport != NULL)
    area->width = MIN (area->width, gtk_widget_get_allocated_width (viewport));
}

static gboolean
turn_cb (gpointer data)
{
  QsCardPage *self = data;
  GtkAllocation area;

  self->turn_id = 0;
  get_room (self, &area);
  gboolean narrow = is_narrow (&area);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->paned),
                                  narrow ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
  g_object_set (self->paned, "position-set", FALSE, NULL);
  gtk_widget_set_size_request (GTK_WIDGET (self->details), narrow ? -1 : DETAILS_WIDTH, narrow ? DETAILS_HEIGHT : -1);
  return G_SOURCE_REMOVE;
}

static void
room_cb (QsCardPage *self)
{
  GtkOrientation now = gtk_orientable_get_orientation (GTK_ORIENTABLE (self->paned));
  GtkAllocation area;

  get_room (self, &area);
  /* Not within the layout: it would begin another one. */
  if (is_narrow (&area) != (now == GTK_ORIENTATION_VERTICAL) && self->turn_id == 0)
    self->turn_id = g_idle_add_full (GTK_PRIORITY_RESIZE - 1, turn_cb, self, NULL);
}

static void
qs_card_page_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  GTK_WIDGET_CLASS (qs_card_page_parent_class)->size_allocate (widget, allocation);
  room_cb (QS_CARD_PAGE (widget));
}

static gboolean
qs_card_page_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  QsCardPage *self = QS_CARD_PAGE (widget);
  guint modifiers = event->state & gtk_accelerator_get_default_mod_mask ();

  if (modifiers == GDK_CONTROL_MASK && gdk_keyval_to_lower (event->keyval) == GDK_KEY_f)
    gtk_widget_grab_focus (GTK_WIDGET (self->search));
  else if (GTK_WIDGET_CLASS (qs_card_page_parent_class)->key_press_event (widget, event))
    return GDK_EVENT_STOP;
  else if (event->keyval == GDK_KEY_Escape && qs_examiner_get_running (self->examiner))
    qs_examiner_stop (self->examiner);
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

static void
qs_card_page_map (GtkWidget *widget)
{
  GtkWidget *viewport = gtk_widget_get_ancestor (widget, GTK_TYPE_VIEWPORT);

  take_target (QS_CARD_PAGE (widget));
  GTK_WIDGET_CLASS (qs_card_page_parent_class)->map (widget);
  schedule (QS_CARD_PAGE (widget));
  if (viewport == NULL)
    return;
  /* The room changes while the page does not, where it is scrolled. */
  g_signal_handlers_disconnect_by_func (viewport, room_cb, widget);
  g_signal_connect_object (viewport, "size-allocate", G_CALLBACK (room_cb), widget, G_CONNECT_SWAPPED);
}

static void
qs_card_page_session_set (QsPage *page, QsSession *session)
{
  QsCardPage *self = QS_CARD_PAGE (page);

  self->examiner = g_object_ref (qs_session_get_examiner (session));
  g_signal_connect_object (self->examiner, "changed", G_CALLBACK (examiner_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->examiner, "result", G_CALLBACK (result_cb), self, G_CONNECT_SWAPPED);
  examiner_changed_cb (self);
}

static void
qs_card_page_dispose (GObject *object)
{
  QsCardPage *self = QS_CARD_PAGE (object);

  g_clear_handle_id (&self->turn_id, g_source_remove);
  g_clear_object (&self->options);
  g_clear_object (&self->window_target);
  g_clear_object (&self->examiner);
  G_OBJECT_CLASS (qs_card_page_parent_class)->dispose (object);
}

static void
qs_card_page_finalize (GObject *object)
{
  QsCardPage *self = QS_CARD_PAGE (object);

  g_clear_object (&self->list);
  g_clear_object (&self->shown_card);
  g_free (self->proposed);
  G_OBJECT_CLASS (qs_card_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, target);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, checks);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, search);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, profile);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, shown);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, category);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, examine);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, stop);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, consent);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, save);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, compare);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, forget);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, checks_button);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, error);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, consent_text);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, count);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, header);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, paned);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, view);
  gtk_widget_class_bind_template_child (widget_class, QsCardPage, details);
}

static void
bind_callbacks (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, examine_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_cb);
  gtk_widget_class_bind_template_callback (widget_class, own_cb);
  gtk_widget_class_bind_template_callback (widget_class, harmless_cb);
  gtk_widget_class_bind_template_callback (widget_class, target_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, checks_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, save_cb);
  gtk_widget_class_bind_template_callback (widget_class, compare_cb);
  gtk_widget_class_bind_template_callback (widget_class, forget_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_chosen);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_cb);
  gtk_widget_class_bind_template_callback (widget_class, menu_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_packet_cb);
  gtk_widget_class_bind_template_callback (widget_class, repeat_cb);
}

static void
qs_card_page_class_init (QsCardPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = qs_card_page_dispose;
  object_class->finalize = qs_card_page_finalize;
  widget_class->map = qs_card_page_map;
  widget_class->size_allocate = qs_card_page_size_allocate;
  widget_class->key_press_event = qs_card_page_key_press_event;
  QS_PAGE_CLASS (klass)->session_set = qs_card_page_session_set;
  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_CARD_HEADER);
  g_type_ensure (QS_TYPE_CHECK_DETAILS);
  g_type_ensure (QS_TYPE_CHECK_VIEW);
  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-card-page.ui");
  bind_children (widget_class);
  bind_callbacks (widget_class);
}

static void
qs_card_page_init (QsCardPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_combo_box_set_active (self->profile, 0);
  let_shrink (self->profile);
  let_shrink (self->shown);
  let_shrink (self->category);
  fill_filters (self);
  self->list = qs_check_list_new ();
  g_signal_connect_object (self->list, "reset", G_CALLBACK (list_reset_cb), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  qs_check_view_set_list (self->view, self->list);
}
