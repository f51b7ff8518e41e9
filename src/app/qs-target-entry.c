/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-target-entry.h"

#include <string.h>

#include "base/qs-i18n.h"

static GMenuModel *
recent_menu (QsHistory *history)
{
  const char *const *targets = qs_history_get_targets (history);
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) recent = g_menu_new ();
  g_autoptr (GMenu) rest = g_menu_new ();

  for (guint i = 0; i < 12 && targets[i] != NULL; i++)
    {
      /* An underline in a name is no mnemonic. */
      g_auto (GStrv) parts = g_strsplit (targets[i], "_", -1);
      g_autofree char *label = g_strjoinv ("__", parts);
      g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);
      g_menu_item_set_action_and_target (item, "win.recent", "s", targets[i]);
      g_menu_append_item (recent, item);
    }
  g_menu_append (rest, _ ("_Repeat…"), "win.repeat");
  g_menu_append (rest, _ ("_Forget These"), "win.clear-history");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (recent));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (rest));
  return G_MENU_MODEL (menu);
}

static void
icon_cb (GtkEntry *entry, GtkEntryIconPosition position, GdkEvent *event, gpointer history)
{
  g_autoptr (GMenuModel) menu = recent_menu (history);
  GtkWidget *popover = gtk_popover_new_from_model (GTK_WIDGET (entry), menu);
  GdkRectangle area;

  gtk_entry_get_icon_area (entry, position, &area);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), &area);
  gtk_popover_set_position (GTK_POPOVER (popover), GTK_POS_BOTTOM);
  g_signal_connect (popover, "closed", G_CALLBACK (gtk_widget_destroy), NULL);
  gtk_popover_popup (GTK_POPOVER (popover));
}

/* What was typed may be anywhere in a target: people remember a part of the host's name. */
static gboolean
completion_match_cb (GtkEntryCompletion *completion, const char *key, GtkTreeIter *iter, gpointer data)
{
  g_autofree char *target = NULL;

  gtk_tree_model_get (gtk_entry_completion_get_model (completion), iter, 0, &target, -1);
  g_autofree char *folded = target != NULL ? g_utf8_casefold (target, -1) : NULL;
  return folded != NULL && strstr (folded, key) != NULL;
}

void
qs_target_entry_install (GtkEntry *entry, GtkEntryCompletion *completion, QsHistory *history)
{
  g_return_if_fail (GTK_IS_ENTRY (entry) && GTK_IS_ENTRY_COMPLETION (completion) && QS_IS_HISTORY (history));

  /* As a property it makes no renderer, and every row is blank. */
  gtk_entry_completion_set_text_column (completion, 0);
  gtk_entry_completion_set_match_func (completion, completion_match_cb, NULL, NULL);
  gtk_entry_completion_set_model (completion, qs_history_get_model (history));
  g_signal_connect_object (entry, "icon-press", G_CALLBACK (icon_cb), history, 0);
}
