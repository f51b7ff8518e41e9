/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-help-window.h"

#include <string.h>

#include "base/qs-i18n.h"

#define CONTENTS "index"
#define SCHEME "help:"
#define INDENT 18 /* of a list, pixels */
#define CHARS_OF_A_LINE 80

struct _QsHelpWindow {
  GtkWindow parent;
  GtkWidget *back;
  GtkEntry *search;
  GtkScrolledWindow *scroll;
  GtkBox *content;

  QsManual *manual;     /* NULL while it is read */
  char *place;          /* what is shown, or is to be shown */
  GPtrArray *past;      /* char *, where one was before */
  GHashTable *headings; /* id of a section -> GtkWidget */
  char *found;          /* id of the first page that was found */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (QsHelpWindow, qs_help_window, GTK_TYPE_WINDOW)

static gboolean link_cb (GtkLabel *label, const char *uri, QsHelpWindow *self);

/* --- A page --- */

static GtkWidget *
add_label (QsHelpWindow *self, const char *markup, const char *css_class)
{
  GtkWidget *label =
      g_object_new (GTK_TYPE_LABEL, "label", markup, "use-markup", TRUE, "track-visited-links", FALSE, "xalign", 0.0f,
                    "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "width-chars", 20, "max-width-chars",
                    CHARS_OF_A_LINE, "halign", GTK_ALIGN_START, "visible", TRUE, NULL);

  if (css_class != NULL)
    gtk_style_context_add_class (gtk_widget_get_style_context (label), css_class);
  g_signal_connect (label, "activate-link", G_CALLBACK (link_cb), self);
  gtk_container_add (GTK_CONTAINER (self->content), label);
  return label;
}

static void
mark_heading (GtkWidget *label, const QsManualBlock *block)
{
  atk_object_set_role (gtk_widget_get_accessible (label), ATK_ROLE_HEADING);
  if (block->level > 0)
    gtk_widget_set_margin_top (label, 12);
}

static void
add_heading (QsHelpWindow *self, const QsManualBlock *block)
{
  GtkWidget *label = add_label (self, block->markup, block->level == 0 ? "qs-title" : "qs-subtitle");

  mark_heading (label, block);
  if (block->section != NULL)
    g_hash_table_insert (self->headings, block->section, label);
}

/* Its lines stay as they are, from left to right whatever the script; one that is too wide is scrolled. */
static void
add_picture (QsHelpWindow *self, const QsManualBlock *block)
{
  GtkWidget *scroll = gtk_scrolled_window_new (NULL, NULL), *label = gtk_label_new (block->text);

  g_object_set (label, "xalign", 0.0f, "selectable", TRUE, "margin", 9, "halign", GTK_ALIGN_START, NULL);
  gtk_widget_set_direction (label, GTK_TEXT_DIR_LTR);
  atk_object_set_name (gtk_widget_get_accessible (label), _ ("Picture in letters"));
  gtk_style_context_add_class (gtk_widget_get_style_context (label), "qs-mono");
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroll), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_style_context_add_class (gtk_widget_get_style_context (scroll), "qs-picture");
  gtk_container_add (GTK_CONTAINER (scroll), label);
  gtk_widget_show_all (scroll);
  gtk_container_add (GTK_CONTAINER (self->content), scroll);
}

/* What goes on in a second line does so beside the bullet, not below it. */
static void
put_bullet_before (QsHelpWindow *self, GtkWidget *label, const char *bullet)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *before = gtk_label_new (bullet);

  g_object_set (before, "valign", GTK_ALIGN_BASELINE, NULL);
  g_object_set (label, "valign", GTK_ALIGN_BASELINE, NULL);
  g_object_ref (label);
  gtk_container_remove (GTK_CONTAINER (self->content), label);
  gtk_container_add (GTK_CONTAINER (box), before);
  gtk_container_add (GTK_CONTAINER (box), label);
  g_object_unref (label);
  gtk_widget_show_all (box);
  gtk_container_add (GTK_CONTAINER (self->content), box);
}

static void
add_paragraph (QsHelpWindow *self, const QsManualBlock *block)
{
  GtkWidget *label = add_label (self, block->markup, block->term ? "qs-heading" : "qs-body");
  guint level = block->level - ((block->term || block->bullet != NULL) && block->level > 0);

  if (block->note)
    gtk_style_context_add_class (gtk_widget_get_style_context (label), "qs-question");
  if (block->bullet != NULL)
    put_bullet_before (self, label, block->bullet);
  else
    gtk_widget_set_margin_start (label, INDENT * (int) level);
}

static void
add_topic (QsHelpWindow *self, const QsManualPage *page)
{
  g_autofree char *plain = g_markup_printf_escaped ("•\u2002<a href=\"" SCHEME "%s\">%s</a>", page->id, page->title);
  g_autofree char *described = page->desc != NULL && *page->desc != '\0'
                                   ? g_markup_printf_escaped ("<span size='small'>%s</span>", page->desc)
                                   : NULL;

  gtk_widget_set_margin_start (add_label (self, plain, NULL), INDENT);
  if (described == NULL)
    return;
  GtkWidget *label = add_label (self, described, GTK_STYLE_CLASS_DIM_LABEL);
  gtk_widget_set_margin_start (label, 2 * INDENT);
}

static void
add_topics (QsHelpWindow *self, GPtrArray *topics)
{
  for (guint i = 0; i < topics->len; i++)
    add_topic (self, g_ptr_array_index (topics, i));
}

static void
add_listed (QsHelpWindow *self, const char *page, const char *section)
{
  g_autoptr (GPtrArray) topics = qs_manual_get_topics (self->manual, page, section);

  add_topics (self, topics);
}

/* As yelp does: what is near, and where the page itself is listed. */
static void
add_related (QsHelpWindow *self, const QsManualPage *page)
{
  g_autoptr (GPtrArray) related = g_ptr_array_new ();

  for (guint pass = 0; pass < 2; pass++)
    {
      GPtrArray *from = pass == 0 ? page->near : page->guides;
      for (guint i = 0; i < from->len; i++)
        {
          const char *place = g_ptr_array_index (from, i);
          g_autofree char *id = g_strndup (place, strcspn (place, "#"));
          const QsManualPage *other = qs_manual_find (self->manual, id);
          if (other != NULL)
            g_ptr_array_add (related, (gpointer) other);
        }
    }
  if (related->len == 0)
    return;
  GtkWidget *heading = add_label (self, _ ("See Also"), "qs-subtitle");
  atk_object_set_role (gtk_widget_get_accessible (heading), ATK_ROLE_HEADING);
  gtk_widget_set_margin_top (heading, 12);
  add_topics (self, related);
}

static void
add_block (QsHelpWindow *self, const QsManualBlock *block)
{
  static void (*const add[]) (QsHelpWindow *, const QsManualBlock *) = {
    [QS_MANUAL_HEADING] = add_heading,
    [QS_MANUAL_PARAGRAPH] = add_paragraph,
    [QS_MANUAL_PICTURE] = add_picture,
  };

  add[block->kind](self, block);
}

static void
clear (QsHelpWindow *self)
{
  g_hash_table_remove_all (self->headings);
  gtk_container_foreach (GTK_CONTAINER (self->content), (GtkCallback) (void (*) (void)) gtk_widget_destroy, NULL);
}

/* What is listed at a section stands behind all of it, before the next one's heading. */
static void
add_page (QsHelpWindow *self, const QsManualPage *page)
{
  const char *section = NULL;

  for (guint i = 0; i < page->blocks->len; i++)
    {
      const QsManualBlock *block = g_ptr_array_index (page->blocks, i);
      if (block->kind == QS_MANUAL_HEADING && i > 0)
        {
          add_listed (self, page->id, section);
          section = block->section;
        }
      add_block (self, block);
    }
  add_listed (self, page->id, section);
  add_related (self, page);
}

/* Where a section begins is known once the page was laid out. */
static gboolean
scroll_cb (gpointer data)
{
  QsHelpWindow *self = data;
  const char *mark = self->place != NULL ? strchr (self->place, '#') : NULL;
  GtkWidget *heading = mark != NULL ? g_hash_table_lookup (self->headings, mark + 1) : NULL;
  int x = 0, y = 0;

  if (self->scroll == NULL) /* closed meanwhile */
    return G_SOURCE_REMOVE;
  if (heading != NULL)
    gtk_widget_translate_coordinates (heading, GTK_WIDGET (self->content), 0, 0, &x, &y);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroll), y);
  return G_SOURCE_REMOVE;
}

static void
show_now (QsHelpWindow *self)
{
  g_autofree char *id = g_strndup (self->place, strcspn (self->place, "#"));
  const QsManualPage *page = qs_manual_find (self->manual, id);

  if (page == NULL)
    page = qs_manual_find (self->manual, CONTENTS);
  if (page == NULL)
    return;
  clear (self);
  gtk_window_set_title (GTK_WINDOW (self), page->title);
  add_page (self, page);
  gtk_widget_set_sensitive (self->back, self->past->len > 0);
  g_idle_add_full (G_PRIORITY_LOW, scroll_cb, g_object_ref (self), g_object_unref);
}

static void
show_place (QsHelpWindow *self, const char *place)
{
  g_autofree char *copy = g_strdup (place); /* it may be the one that is replaced */

  g_free (self->place);
  self->place = g_steal_pointer (&copy);
  if (self->manual != NULL)
    show_now (self);
}

static void
go_back (QsHelpWindow *self)
{
  if (self->past->len == 0)
    return;
  g_autofree char *place = g_ptr_array_steal_index (self->past, self->past->len - 1);
  show_place (self, place);
}

static void
back_cb (QsHelpWindow *self)
{
  go_back (self);
}

static void
contents_cb (QsHelpWindow *self)
{
  qs_help_window_show_place (self, CONTENTS);
}

/* A label that is destroyed under its own signal is one that GTK still works with. */
static gboolean
follow_cb (gpointer data)
{
  QsHelpWindow *self = data;
  g_autofree char *place = g_object_steal_data (G_OBJECT (self), "qs-followed");

  if (place != NULL && self->scroll != NULL)
    qs_help_window_show_place (self, place);
  return G_SOURCE_REMOVE;
}

static gboolean
link_cb (GtkLabel *label, const char *uri, QsHelpWindow *self)
{
  if (!g_str_has_prefix (uri, SCHEME))
    return GDK_EVENT_PROPAGATE; /* to the web */
  g_object_set_data_full (G_OBJECT (self), "qs-followed", g_strdup (uri + strlen (SCHEME)), g_free);
  g_idle_add_full (G_PRIORITY_DEFAULT, follow_cb, g_object_ref (self), g_object_unref);
  return GDK_EVENT_STOP;
}

/* --- Search --- */

static void
show_found (QsHelpWindow *self, GPtrArray *pages)
{
  const QsManualPage *first = pages->len > 0 ? g_ptr_array_index (pages, 0) : NULL;
  g_autofree char *text = g_strdup_printf (ngettext ("%u page", "%u pages", pages->len), pages->len);

  clear (self);
  GtkWidget *title = add_label (self, first != NULL ? text : _ ("No page has these words."), "qs-title");
  atk_object_set_role (gtk_widget_get_accessible (title), ATK_ROLE_HEADING);
  add_topics (self, pages);
  g_free (self->found);
  self->found = first != NULL ? g_strdup (first->id) : NULL;
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroll), 0);
}

static void
search_changed_cb (QsHelpWindow *self)
{
  g_autofree char *words = g_strstrip (g_strdup (gtk_entry_get_text (self->search)));

  if (self->manual == NULL)
    return;
  if (*words == '\0')
    {
      g_clear_pointer (&self->found, g_free);
      show_now (self);
      return;
    }
  g_autoptr (GPtrArray) pages = qs_manual_search (self->manual, words);
  show_found (self, pages);
}

static void
search_activate_cb (QsHelpWindow *self)
{
  search_changed_cb (self); /* Enter may come before what was typed is searched for */
  g_autofree char *found = g_strdup (self->found);
  if (found != NULL)
    qs_help_window_show_place (self, found);
}

/* --- Keys --- */

static void
scroll_by (QsHelpWindow *self, double steps, double pages)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroll);

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) +
                                            steps * gtk_adjustment_get_step_increment (adjustment) +
                                            pages * gtk_adjustment_get_page_increment (adjustment));
}

static const struct {
  guint key;
  double steps, pages; /* 1e6: to the end */
} scrolls[] = {
  { GDK_KEY_Up, -1, 0 },   { GDK_KEY_Down, 1, 0 },    { GDK_KEY_Page_Up, 0, -1 }, { GDK_KEY_Page_Down, 0, 1 },
  { GDK_KEY_space, 0, 1 }, { GDK_KEY_Home, -1e6, 0 }, { GDK_KEY_End, 1e6, 0 },
};

static gboolean
press_alone (QsHelpWindow *self, guint key, gboolean typing)
{
  if (key == GDK_KEY_Escape && typing && gtk_entry_get_text_length (self->search) > 0)
    {
      gtk_entry_set_text (self->search, "");
      search_changed_cb (self);
      return GDK_EVENT_STOP;
    }
  if (key == GDK_KEY_Escape)
    {
      gtk_window_close (GTK_WINDOW (self));
      return GDK_EVENT_STOP;
    }
  for (guint i = 0; !typing && i < G_N_ELEMENTS (scrolls); i++)
    if (scrolls[i].key == key)
      {
        scroll_by (self, scrolls[i].steps, scrolls[i].pages);
        return GDK_EVENT_STOP;
      }
  return GDK_EVENT_PROPAGATE;
}

static gboolean
press_modified (QsHelpWindow *self, guint key, GdkModifierType modifiers)
{
  gboolean rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  if (modifiers == GDK_CONTROL_MASK && key == GDK_KEY_w)
    gtk_window_close (GTK_WINDOW (self));
  else if (modifiers == GDK_CONTROL_MASK && key == GDK_KEY_f)
    gtk_widget_grab_focus (GTK_WIDGET (self->search));
  else if (modifiers == GDK_MOD1_MASK && key == (rtl ? GDK_KEY_Right : GDK_KEY_Left))
    go_back (self);
  else if (modifiers == GDK_MOD1_MASK && key == GDK_KEY_Home)
    contents_cb (self);
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

static gboolean
qs_help_window_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  QsHelpWindow *self = QS_HELP_WINDOW (widget);
  GdkModifierType modifiers = event->state & gtk_accelerator_get_default_mod_mask ();
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  gboolean typing = focus == GTK_WIDGET (self->search);
  /* A button takes the space bar. */
  gboolean pressing = event->keyval == GDK_KEY_space && GTK_IS_BUTTON (focus);

  if (modifiers == 0 && !pressing && press_alone (self, event->keyval, typing))
    return GDK_EVENT_STOP;
  if (modifiers != 0 && press_modified (self, event->keyval, modifiers))
    return GDK_EVENT_STOP;
  return GTK_WIDGET_CLASS (qs_help_window_parent_class)->key_press_event (widget, event);
}

/* --- The pages --- */

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  QsManual *manual = qs_manual_new (NULL, g_get_language_names (), &error);

  if (manual != NULL)
    g_task_return_pointer (task, manual, (GDestroyNotify) qs_manual_unref);
  else
    g_task_return_error (task, error);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  QsHelpWindow *self = QS_HELP_WINDOW (source);
  g_autoptr (GError) error = NULL;
  QsManual *manual = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (manual == NULL)
    {
      g_autofree char *markup = g_markup_escape_text (error->message, -1);
      clear (self);
      GtkWidget *label = add_label (self, markup, "qs-body");
      gtk_label_set_selectable (GTK_LABEL (label), TRUE);
      return;
    }
  self->manual = manual;
  show_now (self);
}

static void
qs_help_window_dispose (GObject *object)
{
  QsHelpWindow *self = QS_HELP_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (qs_help_window_parent_class)->dispose (object);
}

static void
qs_help_window_finalize (GObject *object)
{
  QsHelpWindow *self = QS_HELP_WINDOW (object);

  g_clear_pointer (&self->manual, qs_manual_unref);
  g_object_unref (self->cancellable);
  g_hash_table_unref (self->headings);
  g_ptr_array_unref (self->past);
  g_free (self->place);
  g_free (self->found);
  G_OBJECT_CLASS (qs_help_window_parent_class)->finalize (object);
}

static void
qs_help_window_class_init (QsHelpWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_help_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_help_window_finalize;
  widget_class->key_press_event = qs_help_window_key_press_event;

  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-help-window.ui");
  gtk_widget_class_bind_template_child (widget_class, QsHelpWindow, back);
  gtk_widget_class_bind_template_child (widget_class, QsHelpWindow, search);
  gtk_widget_class_bind_template_child (widget_class, QsHelpWindow, scroll);
  gtk_widget_class_bind_template_child (widget_class, QsHelpWindow, content);
  gtk_widget_class_bind_template_callback (widget_class, back_cb);
  gtk_widget_class_bind_template_callback (widget_class, contents_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_activate_cb);
}

static void
qs_help_window_init (QsHelpWindow *self)
{
  self->place = g_strdup (CONTENTS);
  self->past = g_ptr_array_new_with_free_func (g_free);
  self->headings = g_hash_table_new (g_str_hash, g_str_equal);
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
qs_help_window_new (GtkWindow *parent)
{
  g_return_val_if_fail (GTK_IS_WINDOW (parent), NULL);

  /* Before a modal dialog nothing else would get the keys. */
  QsHelpWindow *self =
      g_object_new (QS_TYPE_HELP_WINDOW, "transient-for", parent, "modal", gtk_window_get_modal (parent), NULL);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, loaded_cb, NULL);

  g_task_run_in_thread (task, load_in_thread);
  return GTK_WIDGET (self);
}

void
qs_help_window_show_place (QsHelpWindow *self, const char *place)
{
  g_return_if_fail (QS_IS_HELP_WINDOW (self) && place != NULL);

  if (self->manual != NULL && !g_str_equal (place, self->place))
    g_ptr_array_add (self->past, g_strdup (self->place));
  g_clear_pointer (&self->found, g_free);
  g_signal_handlers_block_by_func (self->search, search_changed_cb, self);
  gtk_entry_set_text (self->search, "");
  g_signal_handlers_unblock_by_func (self->search, search_changed_cb, self);
  show_place (self, place);
}

const char *
qs_help_window_get_place (QsHelpWindow *self)
{
  g_return_val_if_fail (QS_IS_HELP_WINDOW (self), NULL);

  return self->manual != NULL ? self->place : NULL;
}
