/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-certificate-row.h"

#include <string.h>

#include "app/widgets/qs-facts-grid.h"
#include "base/qs-i18n.h"

struct _QsCertificateRow {
  GtkListBoxRow parent;
  GtkExpander *expander;
  GtkLabel *name, *about, *warnings;
  GtkBox *sections;
  QsCertificate *certificate;
  GPtrArray *notes; /* QsCertificateSection */
  gboolean filled;
};

enum { EXPORT, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsCertificateRow, qs_certificate_row, GTK_TYPE_LIST_BOX_ROW)

static void
add_section (QsCertificateRow *self, const QsCertificateSection *section)
{
  GtkWidget *title = gtk_label_new (section->title);
  GtkWidget *grid = qs_facts_grid_new ();
  g_autofree QsFact *facts = g_new0 (QsFact, section->fields->len + 1);

  for (guint i = 0; i < section->fields->len; i++)
    {
      const QsCertificateField *field = g_ptr_array_index (section->fields, i);
      facts[i] = (QsFact){ field->label, field->value, field->monospace, field->warning };
    }
  qs_facts_grid_set_facts (QS_FACTS_GRID (grid), facts, section->fields->len);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (title), "qs-heading");
  gtk_widget_set_margin_start (grid, 12);
  gtk_widget_set_margin_bottom (grid, 12);
  gtk_widget_show (title);
  gtk_container_add (GTK_CONTAINER (self->sections), title);
  gtk_container_add (GTK_CONTAINER (self->sections), grid);
}

static void
expanded_cb (QsCertificateRow *self)
{
  if (self->filled || !gtk_expander_get_expanded (self->expander))
    return;
  self->filled = TRUE;

  for (guint i = 0; i < self->notes->len; i++)
    add_section (self, g_ptr_array_index (self->notes, i));
  GPtrArray *sections = qs_certificate_get_sections (self->certificate);
  for (guint i = 0; i < sections->len; i++)
    add_section (self, g_ptr_array_index (sections, i));
}

static void
export_cb (QsCertificateRow *self)
{
  g_signal_emit (self, signals[EXPORT], 0);
}

static void
show_warnings (QsCertificateRow *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < self->notes->len; i++)
    {
      const QsCertificateSection *section = g_ptr_array_index (self->notes, i);
      for (guint f = 0; f < section->fields->len; f++)
        {
          const QsCertificateField *field = g_ptr_array_index (section->fields, f);
          if (field->warning && strstr (text->str, field->value) == NULL)
            g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", field->value);
        }
    }
  gtk_label_set_text (self->warnings, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->warnings), text->len > 0);
}

static void
qs_certificate_row_finalize (GObject *object)
{
  g_clear_pointer (&QS_CERTIFICATE_ROW (object)->notes, g_ptr_array_unref);
  g_clear_pointer (&QS_CERTIFICATE_ROW (object)->certificate, qs_certificate_unref);
  G_OBJECT_CLASS (qs_certificate_row_parent_class)->finalize (object);
}

static void
qs_certificate_row_class_init (QsCertificateRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = qs_certificate_row_finalize;
  signals[EXPORT] =
      g_signal_new ("export", QS_TYPE_CERTIFICATE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-certificate-row.ui");
  gtk_widget_class_bind_template_child (widget_class, QsCertificateRow, expander);
  gtk_widget_class_bind_template_child (widget_class, QsCertificateRow, name);
  gtk_widget_class_bind_template_child (widget_class, QsCertificateRow, about);
  gtk_widget_class_bind_template_child (widget_class, QsCertificateRow, warnings);
  gtk_widget_class_bind_template_child (widget_class, QsCertificateRow, sections);
  gtk_widget_class_bind_template_callback (widget_class, expanded_cb);
  gtk_widget_class_bind_template_callback (widget_class, export_cb);
}

static void
qs_certificate_row_init (QsCertificateRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static char *
date_words (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (seconds);

  return date != NULL ? g_date_time_format (date, "%F") : g_strdup ("?");
}

GtkWidget *
qs_certificate_row_new (QsCertificate *certificate, const char *role, GPtrArray *notes)
{
  g_return_val_if_fail (certificate != NULL && role != NULL && notes != NULL, NULL);

  QsCertificateRow *self = g_object_new (QS_TYPE_CERTIFICATE_ROW, NULL);
  g_autofree char *until = date_words (qs_certificate_get_not_after (certificate));
  g_autofree char *about =
      g_strdup_printf (_ ("%s · %s · valid until %s"), role, qs_certificate_get_key_description (certificate), until);
  const char *name = qs_certificate_get_common_name (certificate);

  self->certificate = qs_certificate_ref (certificate);
  self->notes = g_ptr_array_ref (notes);
  show_warnings (self);
  gtk_label_set_text (self->name, name);
  gtk_label_set_text (self->about, about);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), name);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->expander)), name);
  return GTK_WIDGET (self);
}

QsCertificate *
qs_certificate_row_get_certificate (QsCertificateRow *self)
{
  g_return_val_if_fail (QS_IS_CERTIFICATE_ROW (self), NULL);

  return self->certificate;
}

void
qs_certificate_row_set_expanded (QsCertificateRow *self, gboolean expanded)
{
  g_return_if_fail (QS_IS_CERTIFICATE_ROW (self));

  gtk_expander_set_expanded (self->expander, expanded);
}
