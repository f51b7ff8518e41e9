/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-recent.h"

#include "base/qs-i18n.h"

#define PROGRAM "quicscope"
#define FILLED "qs-recent-action"

void
qs_recent_add (const char *path)
{
  g_return_if_fail (path != NULL);

  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autofree char *uri = g_file_get_uri (file);
  g_autofree char *type = g_content_type_guess (path, NULL, 0, NULL);
  g_autofree char *mime = g_content_type_get_mime_type (type);
  char name[] = PROGRAM, command[] = PROGRAM " %f", unknown[] = "application/octet-stream";
  GtkRecentData data = { .mime_type = mime != NULL ? mime : unknown, .app_name = name, .app_exec = command };

  gtk_recent_manager_add_full (gtk_recent_manager_get_default (), uri, &data);
}

static int
later_first (gconstpointer a, gconstpointer b)
{
  gint64 one = gtk_recent_info_get_modified ((GtkRecentInfo *) a),
         two = gtk_recent_info_get_modified ((GtkRecentInfo *) b);

  return one > two ? -1 : one < two;
}

static void
fill (GtkRecentManager *manager, GMenu *menu)
{
  const char *action = g_object_get_data (G_OBJECT (menu), FILLED);
  g_autolist (GtkRecentInfo) all = g_list_sort (gtk_recent_manager_get_items (manager), later_first);
  guint n = 0;

  g_menu_remove_all (menu);
  for (GList *at = all; at != NULL && n < QS_RECENT_MOST; at = at->next)
    {
      GtkRecentInfo *info = at->data;
      g_autofree char *path = g_filename_from_uri (gtk_recent_info_get_uri (info), NULL, NULL);

      if (path == NULL || !gtk_recent_info_has_application (info, PROGRAM) || !gtk_recent_info_exists (info))
        continue;
      /* An underscore of a file's name is no mnemonic. */
      g_auto (GStrv) parts = g_strsplit (gtk_recent_info_get_display_name (info), "_", -1);
      g_autofree char *label = g_strjoinv ("__", parts);
      g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);
      g_menu_item_set_action_and_target_value (item, action, g_variant_new_bytestring (path));
      g_menu_append_item (menu, item);
      n++;
    }
}

void
qs_recent_fill (GMenu *menu, const char *action)
{
  g_return_if_fail (G_IS_MENU (menu) && action != NULL);

  g_object_set_data_full (G_OBJECT (menu), FILLED, g_strdup (action), g_free);
  g_signal_connect_object (gtk_recent_manager_get_default (), "changed", G_CALLBACK (fill), menu, 0);
  fill (gtk_recent_manager_get_default (), menu);
}
