/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-menu-keys.h"

#define SHOWN "qs-menu-keys" /* of a button: its keys are there */

/* "Save the Trace…" of "_Save the Trace…". (transfer full) */
static char *
dup_plain (const char *label)
{
  GString *plain = g_string_new (NULL);

  for (; *label != '\0'; label++)
    {
      if (*label == '_' && label[1] != '\0')
        label++;
      g_string_append_c (plain, *label);
    }
  return g_string_free (plain, FALSE);
}

static void
collect (GMenuModel *model, GtkApplication *application, GHashTable *keys)
{
  for (int i = 0; i < g_menu_model_get_n_items (model); i++)
    {
      g_autoptr (GMenuModel) section = g_menu_model_get_item_link (model, i, G_MENU_LINK_SECTION);
      g_autofree char *label = NULL, *action = NULL;
      if (section != NULL)
        collect (section, application, keys);
      if (!g_menu_model_get_item_attribute (model, i, G_MENU_ATTRIBUTE_LABEL, "s", &label) ||
          !g_menu_model_get_item_attribute (model, i, G_MENU_ATTRIBUTE_ACTION, "s", &action))
        continue;
      g_auto (GStrv) accels = gtk_application_get_accels_for_action (application, action);
      guint key = 0;
      GdkModifierType modifiers = 0;
      if (accels[0] == NULL)
        continue;
      gtk_accelerator_parse (accels[0], &key, &modifiers);
      if (key != 0)
        g_hash_table_insert (keys, dup_plain (label), gtk_accelerator_get_label (key, modifiers));
    }
}

static void
find_label_cb (GtkWidget *widget, gpointer found)
{
  if (*(GtkWidget **) found == NULL && GTK_IS_LABEL (widget))
    *(GtkWidget **) found = widget;
  else if (*(GtkWidget **) found == NULL && GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), find_label_cb, found);
}

static void
add_keys (GtkWidget *button, GHashTable *keys)
{
  GtkWidget *label = NULL;

  find_label_cb (button, &label);
  const char *text = label != NULL ? g_hash_table_lookup (keys, gtk_label_get_text (GTK_LABEL (label))) : NULL;
  GtkWidget *box = label != NULL ? gtk_widget_get_parent (label) : NULL;
  if (text == NULL || !GTK_IS_BOX (box) || g_object_get_data (G_OBJECT (button), SHOWN) != NULL)
    return;
  GtkWidget *shown = gtk_label_new (text);
  gtk_style_context_add_class (gtk_widget_get_style_context (shown), GTK_STYLE_CLASS_DIM_LABEL);
  gtk_widget_set_margin_start (shown, 18);
  gtk_widget_show (shown);
  gtk_box_pack_end (GTK_BOX (box), shown, FALSE, FALSE, 0);
  g_object_set_data (G_OBJECT (button), SHOWN, GUINT_TO_POINTER (1));
}

static void
walk_cb (GtkWidget *widget, gpointer keys)
{
  if (GTK_IS_MODEL_BUTTON (widget))
    add_keys (widget, keys);
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), walk_cb, keys);
}

/* Items may have come since, as a hidden one does. */
static void
map_cb (GtkWidget *popover, GHashTable *keys)
{
  walk_cb (popover, keys);
}

void
qs_menu_keys_show (GtkMenuButton *button, GtkApplication *application)
{
  g_return_if_fail (GTK_IS_MENU_BUTTON (button) && GTK_IS_APPLICATION (application));

  GMenuModel *model = gtk_menu_button_get_menu_model (button);
  GtkPopover *popover = gtk_menu_button_get_popover (button);
  if (model == NULL || popover == NULL)
    return;
  GHashTable *keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  collect (model, application, keys);
  g_object_set_data_full (G_OBJECT (popover), SHOWN, keys, (GDestroyNotify) g_hash_table_unref);
  g_signal_connect (popover, "map", G_CALLBACK (map_cb), keys);
}
