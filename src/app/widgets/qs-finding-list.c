/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-finding-list.h"

#include "app/qs-help.h"
#include "app/widgets/qs-copy.h"
#include "base/qs-i18n.h"
#include "diagnosis/qs-finding.h"

#define ROLE "qs-role"
#define ID "qs-id"
#define EXPANDER "expander"

struct _QsFindingList {
  GtkListBox parent;
};

enum { SHOW_PACKET, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsFindingList, qs_finding_list, GTK_TYPE_LIST_BOX)

static const struct {
  const char *icon_name;
  const char *css_class;
} severities[] = {
  [QS_SEVERITY_ERROR] = { "dialog-error-symbolic", "qs-error" },
  [QS_SEVERITY_WARNING] = { "dialog-warning-symbolic", "qs-warning-icon" },
  [QS_SEVERITY_INFO] = { "dialog-information-symbolic", "qs-info" },
};

static void
show_packet_cb (GtkButton *button, QsFindingList *self)
{
  gint64 *packet = g_object_get_data (G_OBJECT (button), "qs-packet");

  g_signal_emit (self, signals[SHOW_PACKET], 0, *packet);
}

/* Return acts at once: GtkButton would look pressed for a quarter of a second first, and a list that is made anew meanwhile would have
 * lost the key. */
static gboolean
key_press_cb (GtkButton *button, const GdkEventKey *event)
{
  if (event->keyval != GDK_KEY_Return && event->keyval != GDK_KEY_KP_Enter && event->keyval != GDK_KEY_ISO_Enter)
    return GDK_EVENT_PROPAGATE;
  gtk_button_clicked (button);
  return GDK_EVENT_STOP;
}

/* What it is in its row, to be found again in one that is made anew: ROLE, which is owned then. */
static void
set_role (GtkWidget *widget, char *role)
{
  g_object_set_data_full (G_OBJECT (widget), ROLE, role, g_free);
  if (GTK_IS_BUTTON (widget))
    g_signal_connect (widget, "key-press-event", G_CALLBACK (key_press_cb), NULL);
}

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  GtkWidget *label =
      g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", 0.0f, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR,
                    "width-chars", 20, "max-width-chars", 70, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), css_class);
  return label;
}

static GtkWidget *
make_packet_button (QsFindingList *self, gint64 packet)
{
  GtkWidget *button = gtk_button_new_with_label (_ ("Show the packet"));

  g_object_set_data_full (G_OBJECT (button), "qs-packet", g_memdup2 (&packet, sizeof packet), g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (show_packet_cb), self);
  set_role (button, g_strdup ("packet"));
  gtk_widget_set_halign (button, GTK_ALIGN_END);
  gtk_style_context_add_class (gtk_widget_get_style_context (button), "qs-small-button");
  gtk_widget_show (button);
  return button;
}

static void
help_cb (GtkButton *button)
{
  qs_help_show (GTK_WINDOW (gtk_widget_get_toplevel (GTK_WIDGET (button))),
                g_object_get_data (G_OBJECT (button), "qs-place"));
}

/* To the page of the help about findings of this kind. */
static GtkWidget *
make_help_button (const QsFinding *finding)
{
  GtkWidget *button = gtk_button_new_with_label (_ ("Learn More"));

  g_object_set_data_full (G_OBJECT (button), "qs-place", g_strconcat ("finding-", finding->id, NULL), g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (help_cb), NULL);
  set_role (button, g_strdup ("help"));
  gtk_widget_set_tooltip_text (button, _ ("What happens on the wire, how it is proved, what it is not"));
  gtk_widget_set_halign (button, GTK_ALIGN_END);
  gtk_style_context_add_class (gtk_widget_get_style_context (button), "qs-small-button");
  gtk_widget_show (button);
  return button;
}

/* Under each other: beside each other they would make the page wider than a small window. */
static GtkWidget *
make_footer (QsFindingList *self, const QsFinding *finding)
{
  GtkWidget *footer = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *reference = make_label (finding->reference != NULL ? finding->reference : "", "qs-caption");

  gtk_style_context_add_class (gtk_widget_get_style_context (reference), GTK_STYLE_CLASS_DIM_LABEL);
  gtk_widget_set_visible (reference, finding->reference != NULL);
  gtk_container_add (GTK_CONTAINER (footer), reference);
  gtk_container_add (GTK_CONTAINER (footer), buttons);
  /* What the doctor says in its own words is not of the catalogue. */
  gboolean known = qs_finding_id_is_known (finding->id);
  if (finding->packet >= 0)
    gtk_container_add (GTK_CONTAINER (buttons), make_packet_button (self, finding->packet));
  if (known)
    gtk_container_add (GTK_CONTAINER (buttons), make_help_button (finding));
  gtk_widget_set_visible (buttons, known || finding->packet >= 0);
  gtk_widget_set_visible (footer, known || finding->reference != NULL || finding->packet >= 0);
  return footer;
}

/* What to try, each behind a bullet. */
static void
add_tries (GtkContainer *box, const QsFinding *finding)
{
  for (char **advice = finding->tries; *advice != NULL; advice++)
    {
      g_autofree char *text = g_strdup_printf ("• %s", *advice);
      gtk_container_add (box, make_label (text, "qs-body"));
    }
}

/* One thing that shows it: a click opens its packet, where it is one. */
static GtkWidget *
make_evidence (QsFindingList *self, const QsFindingEvidence *evidence)
{
  g_autofree char *text = qs_finding_evidence_dup_text (evidence);
  GtkWidget *label = make_label (text, "qs-caption");

  gtk_style_context_add_class (gtk_widget_get_style_context (label), GTK_STYLE_CLASS_DIM_LABEL);
  if (evidence->packet < 0)
    return label;
  GtkWidget *button = g_object_new (GTK_TYPE_BUTTON, "relief", GTK_RELIEF_NONE, "halign", GTK_ALIGN_START, "child",
                                    label, "tooltip-text", _ ("Show the packet"), "visible", TRUE, NULL);
  g_object_set_data_full (G_OBJECT (button), "qs-packet", g_memdup2 (&evidence->packet, sizeof evidence->packet),
                          g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (show_packet_cb), self);
  set_role (button, g_strdup_printf ("evidence %" G_GINT64_FORMAT, evidence->packet));
  gtk_style_context_add_class (gtk_widget_get_style_context (button), "qs-small-button");
  atk_object_set_name (gtk_widget_get_accessible (button), text);
  return button;
}

/* Folded: the judgement is what one sees of it at first. */
static GtkWidget *
make_evidence_list (QsFindingList *self, const QsFinding *finding)
{
  g_autofree char *judgement = qs_finding_dup_judgement (finding);

  if (finding->evidence->len == 0)
    {
      GtkWidget *label = make_label (judgement, "qs-caption");
      gtk_style_context_add_class (gtk_widget_get_style_context (label), GTK_STYLE_CLASS_DIM_LABEL);
      return label;
    }
  GtkWidget *expander = gtk_expander_new (NULL), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  /* An expander's own label does not wrap: the window would be as wide as its longest judgement. */
  gtk_expander_set_label_widget (GTK_EXPANDER (expander), make_label (judgement, "qs-caption"));
  set_role (expander, g_strdup (EXPANDER));
  for (guint i = 0; i < finding->evidence->len; i++)
    gtk_container_add (GTK_CONTAINER (box), make_evidence (self, finding->evidence->pdata[i]));
  gtk_container_add (GTK_CONTAINER (expander), box);
  gtk_widget_show_all (expander);
  return expander;
}

static GtkWidget *
make_body (QsFindingList *self, const QsFinding *finding)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  if (*finding->detail != '\0')
    gtk_container_add (GTK_CONTAINER (box), make_label (finding->detail, "qs-body"));
  add_tries (GTK_CONTAINER (box), finding);
  gtk_container_add (GTK_CONTAINER (box), make_evidence_list (self, finding));
  gtk_widget_show (box);
  return box;
}

static GtkWidget *
make_row (QsFindingList *self, const QsFinding *finding)
{
  GtkWidget *row =
      g_object_new (GTK_TYPE_LIST_BOX_ROW, "activatable", FALSE, "selectable", FALSE, "visible", TRUE, NULL);
  GtkWidget *grid = g_object_new (GTK_TYPE_GRID, "column-spacing", 12, "row-spacing", 6, "visible", TRUE, NULL);
  GtkWidget *icon = gtk_image_new_from_icon_name (severities[finding->severity].icon_name, GTK_ICON_SIZE_BUTTON);
  GtkWidget *title = make_label (finding->title, "qs-heading");
  g_autofree char *tries = g_strjoinv (" ", finding->tries);
  g_autofree char *name =
      g_strdup_printf ("%s: %s %s %s", qs_severity_title (finding->severity), finding->title, finding->detail, tries);

  g_object_set (icon, "valign", GTK_ALIGN_START, "margin-top", 2, "visible", TRUE, "tooltip-text",
                qs_severity_title (finding->severity), NULL);
  gtk_style_context_add_class (gtk_widget_get_style_context (icon), severities[finding->severity].css_class);
  gtk_widget_set_hexpand (title, TRUE);
  gtk_grid_attach (GTK_GRID (grid), icon, 0, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), title, 1, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), make_body (self, finding), 1, 1, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), make_footer (self, finding), 1, 2, 1, 1);
  gtk_container_add (GTK_CONTAINER (row), grid);
  gtk_style_context_add_class (gtk_widget_get_style_context (row), "qs-row");
  atk_object_set_name (gtk_widget_get_accessible (row), name);
  g_autofree char *text = qs_finding_dup_text (finding);
  g_autofree char *markdown = qs_finding_dup_markdown (finding);
  qs_copy_set_row (row, text, markdown);
  return row;
}

/* What a row says, to see whether it is still the same. */
static char *
words_of (const QsFinding *finding)
{
  g_autofree char *tries = g_strjoinv ("\t", finding->tries);
  GString *words = g_string_new (NULL);

  g_string_printf (words, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%" G_GINT64_FORMAT, finding->id, finding->severity,
                   finding->certainty, finding->who, finding->title, finding->detail, tries, finding->packet);
  for (guint i = 0; i < finding->evidence->len; i++)
    {
      const QsFindingEvidence *item = finding->evidence->pdata[i];
      g_string_append_printf (words, "\t%" G_GINT64_FORMAT "\t%s", item->packet, item->what);
    }
  return g_string_free (words, FALSE);
}

static GtkWidget *
row_at (QsFindingList *self, guint position)
{
  return GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (self), (int) position));
}

/* Of this finding, at this position or behind it. */
static GtkWidget *
find_row (QsFindingList *self, guint position, const char *words)
{
  GtkWidget *row;

  while ((row = row_at (self, position++)) != NULL)
    if (g_str_equal (g_object_get_data (G_OBJECT (row), "qs-words"), words))
      return row;
  return NULL;
}

static void
show_finding (QsFindingList *self, guint position, const QsFinding *finding)
{
  g_autofree char *words = words_of (finding);
  GtkWidget *same = find_row (self, position, words);

  /* What is between is not found any more, or comes later and is made anew there. */
  while (same != NULL && row_at (self, position) != same)
    gtk_widget_destroy (row_at (self, position));
  if (same != NULL)
    return;
  GtkWidget *row = make_row (self, finding);
  g_object_set_data_full (G_OBJECT (row), "qs-words", g_steal_pointer (&words), g_free);
  g_object_set_data_full (G_OBJECT (row), ID, g_strdup (finding->id), g_free);
  gtk_list_box_insert (GTK_LIST_BOX (self), row, (int) position);
}

/* --- What a person does with a row outlives that it is made anew --- */

typedef struct {
  const char *role;
  GtkWidget *found;
} Search;

static void
search_cb (GtkWidget *widget, gpointer data)
{
  Search *search = data;

  if (search->found == NULL && g_strcmp0 (g_object_get_data (G_OBJECT (widget), ROLE), search->role) == 0)
    search->found = widget;
  if (search->found == NULL && GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search_cb, data);
}

static GtkWidget *
find_role (GtkWidget *row, const char *role)
{
  Search search = { role, NULL };

  if (role != NULL)
    search_cb (row, &search);
  return search.found;
}

static GtkWidget *
find_id (QsFindingList *self, const char *id)
{
  GtkWidget *row;

  for (guint i = 0; (row = row_at (self, i)) != NULL; i++)
    if (g_str_equal (g_object_get_data (G_OBJECT (row), ID), id))
      return row;
  return NULL;
}

typedef struct {
  char *id, *role;     /* that has the focus; NULL: none has */
  GPtrArray *unfolded; /* ids */
} Kept;

static void
keep (QsFindingList *self, Kept *kept)
{
  GtkWidget *top = gtk_widget_get_toplevel (GTK_WIDGET (self)), *row;
  GtkWidget *focus = GTK_IS_WINDOW (top) ? gtk_window_get_focus (GTK_WINDOW (top)) : NULL;

  *kept = (Kept){ NULL, NULL, g_ptr_array_new_with_free_func (g_free) };
  for (guint i = 0; (row = row_at (self, i)) != NULL; i++)
    {
      const char *id = g_object_get_data (G_OBJECT (row), ID);
      GtkWidget *expander = find_role (row, EXPANDER);
      if (expander != NULL && gtk_expander_get_expanded (GTK_EXPANDER (expander)))
        g_ptr_array_add (kept->unfolded, g_strdup (id));
      if (focus != NULL && (focus == row || gtk_widget_is_ancestor (focus, row)))
        {
          kept->id = g_strdup (id);
          kept->role = g_strdup (g_object_get_data (G_OBJECT (focus), ROLE));
        }
    }
}

static void
give_back (QsFindingList *self, Kept *kept)
{
  GtkWidget *row = kept->id != NULL ? find_id (self, kept->id) : NULL, *focus;
  GtkWidget *top = gtk_widget_get_toplevel (GTK_WIDGET (self));

  for (guint i = 0; i < kept->unfolded->len; i++)
    {
      GtkWidget *unfolded = find_id (self, kept->unfolded->pdata[i]);
      GtkWidget *expander = unfolded != NULL ? find_role (unfolded, EXPANDER) : NULL;
      if (expander != NULL)
        gtk_expander_set_expanded (GTK_EXPANDER (expander), TRUE);
    }
  if (row != NULL)
    {
      GtkWidget *now = gtk_window_get_focus (GTK_WINDOW (top));
      focus = find_role (row, kept->role);
      if (now == NULL || (now != row && !gtk_widget_is_ancestor (now, row)))
        gtk_widget_grab_focus (focus != NULL ? focus : row);
    }
  g_ptr_array_unref (kept->unfolded);
  g_free (kept->id);
  g_free (kept->role);
}

static void
qs_finding_list_class_init (QsFindingListClass *klass)
{
  signals[SHOW_PACKET] = g_signal_new ("show-packet", QS_TYPE_FINDING_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, G_TYPE_INT64);
}

static void
qs_finding_list_init (QsFindingList *self)
{
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (self), GTK_SELECTION_NONE);
  qs_copy_enable (GTK_WIDGET (self));
}

GtkWidget *
qs_finding_list_new (void)
{
  return g_object_new (QS_TYPE_FINDING_LIST, "visible", TRUE, NULL);
}

void
qs_finding_list_set_findings (QsFindingList *self, GPtrArray *findings)
{
  g_return_if_fail (QS_IS_FINDING_LIST (self) && findings != NULL);

  Kept kept;

  keep (self, &kept);
  for (guint i = 0; i < findings->len; i++)
    show_finding (self, i, g_ptr_array_index (findings, i));
  while (row_at (self, findings->len) != NULL)
    gtk_widget_destroy (row_at (self, findings->len));
  give_back (self, &kept);
}
