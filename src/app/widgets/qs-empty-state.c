/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-empty-state.h"

struct _QsEmptyState {
  GtkBox parent;
  GtkImage *image;
  GtkLabel *title;
  GtkLabel *text;
  GtkButton *button;
};

enum { PROP_ICON_NAME = 1, PROP_TITLE, PROP_TEXT, PROP_ACTION_NAME, PROP_ACTION_LABEL, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsEmptyState, qs_empty_state, GTK_TYPE_BOX)

/* A full-colour icon is larger and as it is; a symbolic one stands back. */
static void
set_dim (GtkWidget *image, gboolean dim)
{
  GtkStyleContext *style = gtk_widget_get_style_context (image);

  gtk_image_set_pixel_size (GTK_IMAGE (image), dim ? 64 : 96);
  if (dim)
    gtk_style_context_add_class (style, GTK_STYLE_CLASS_DIM_LABEL);
  else
    gtk_style_context_remove_class (style, GTK_STYLE_CLASS_DIM_LABEL);
}

static void
qs_empty_state_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  QsEmptyState *self = QS_EMPTY_STATE (object);
  const char *text = g_value_get_string (value);

  switch (id)
    {
    case PROP_ICON_NAME:
      gtk_image_set_from_icon_name (self->image, text, GTK_ICON_SIZE_DIALOG);
      set_dim (GTK_WIDGET (self->image), text != NULL && g_str_has_suffix (text, "-symbolic"));
      break;
    case PROP_TITLE:
      gtk_label_set_text (self->title, text);
      break;
    case PROP_TEXT:
      gtk_label_set_text (self->text, text);
      break;
    case PROP_ACTION_NAME:
      gtk_actionable_set_detailed_action_name (GTK_ACTIONABLE (self->button), text);
      break;
    case PROP_ACTION_LABEL:
      gtk_button_set_label (self->button, text);
      gtk_widget_set_visible (GTK_WIDGET (self->button), text != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_empty_state_class_init (QsEmptyStateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = qs_empty_state_set_property;
  props[PROP_ICON_NAME] = g_param_spec_string ("icon-name", NULL, NULL, NULL, flags);
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  props[PROP_ACTION_NAME] = g_param_spec_string ("action-name", NULL, NULL, NULL, flags);
  props[PROP_ACTION_LABEL] = g_param_spec_string ("action-label", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/org/quicscope/Quicscope/ui/qs-empty-state.ui");
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), QsEmptyState, image);
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), QsEmptyState, title);
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), QsEmptyState, text);
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), QsEmptyState, button);
}

static void
qs_empty_state_init (QsEmptyState *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
qs_empty_state_new (const char *icon_name, const char *title, const char *text)
{
  return g_object_new (QS_TYPE_EMPTY_STATE, "icon-name", icon_name, "title", title, "text", text, "visible", TRUE,
                       NULL);
}

void
qs_empty_state_set_action (QsEmptyState *self, const char *action_name, const char *label)
{
  g_return_if_fail (QS_IS_EMPTY_STATE (self));

  g_object_set (self, "action-name", action_name, "action-label", label, NULL);
}
