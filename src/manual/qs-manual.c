/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "manual/qs-manual.h"

#include <string.h>

#include "base/qs-error.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"

#define DOCUMENT "quicscope"
#define SUFFIX ".page"
#define LARGEST_PAGE (256 * 1024)

struct _QsManual {
  GPtrArray *pages;
  GHashTable *by_id; /* borrowed */
};

static void
manual_clear (gpointer data)
{
  QsManual *self = data;

  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->pages);
}

static gboolean
load_page (QsManual *self, const char *path, GError **error)
{
  gsize length;
  g_autoptr (GBytes) bytes = qs_file_load (path, LARGEST_PAGE, error);

  if (bytes == NULL)
    return FALSE;
  const char *xml = g_bytes_get_data (bytes, &length);
  QsManualPage *page = qs_manual_page_new (xml, length, error);
  if (page == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  if (g_hash_table_contains (self->by_id, page->id))
    {
      qs_manual_page_free (page);
      return TRUE;
    }
  g_ptr_array_add (self->pages, page);
  g_hash_table_insert (self->by_id, page->id, page);
  return TRUE;
}

/* A page that cannot be read is passed over, and told of where it was the only thing there. */
static void
load_language (QsManual *self, const char *folder, const char *language, GError **error)
{
  g_autofree char *path = g_build_filename (folder, language, DOCUMENT, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autoptr (GError) wrong = NULL;
      if (g_str_has_suffix (name, SUFFIX) && !load_page (self, file, &wrong) && error != NULL && *error == NULL)
        *error = g_steal_pointer (&wrong);
    }
}

/* "C" is the one that all have; "en" and what follows it in the list of languages mean it, too. */
static void
load_folder (QsManual *self, const char *folder, const char *const *languages, GError **error)
{
  for (; *languages != NULL && !g_str_equal (*languages, "C") && !g_str_has_prefix (*languages, "en"); languages++)
    if (strchr (*languages, '/') == NULL)
      load_language (self, folder, *languages, error);
  load_language (self, folder, "C", error);
}

static char *
dup_system_folder (void)
{
  const char *const *folders = g_get_system_data_dirs ();

  for (guint i = 0; folders[i] != NULL; i++)
    {
      g_autofree char *index = g_build_filename (folders[i], "help", "C", DOCUMENT, "index" SUFFIX, NULL);
      if (g_file_test (index, G_FILE_TEST_IS_REGULAR))
        return g_build_filename (folders[i], "help", NULL);
    }
  return NULL;
}

static char *
dup_folder (void)
{
  const char *uninstalled = g_getenv ("QS_HELPDIR");
  g_autofree char *found = uninstalled == NULL ? dup_system_folder () : g_strdup (uninstalled);

  return found != NULL ? g_steal_pointer (&found) : g_strdup (HELPDIR);
}

gboolean
qs_manual_is_installed (void)
{
  g_autofree char *folder = g_getenv ("QS_HELPDIR") == NULL ? dup_system_folder () : NULL;

  return folder != NULL;
}

static int
compare_pages (gconstpointer a, gconstpointer b)
{
  const QsManualPage *first = *(QsManualPage *const *) a, *second = *(QsManualPage *const *) b;
  int by_title = g_utf8_collate (first->title, second->title);

  return by_title != 0 ? by_title : strcmp (first->id, second->id);
}

QsManual *
qs_manual_new (const char *folder, const char *const *languages, GError **error)
{
  g_return_val_if_fail (languages != NULL, NULL);

  g_autoptr (QsManual) self = g_atomic_rc_box_new0 (QsManual);
  g_autofree char *own = folder == NULL ? dup_folder () : g_strdup (folder);
  g_autoptr (GError) wrong = NULL;

  self->pages = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_manual_page_free);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  load_folder (self, own, languages, &wrong);
  g_ptr_array_sort (self->pages, compare_pages);
  if (self->pages->len > 0)
    return g_steal_pointer (&self);
  if (wrong == NULL)
    g_set_error (&wrong, QS_ERROR, QS_ERROR_FAILED, _ ("There are no pages of help in “%s”."), own);
  g_propagate_error (error, g_steal_pointer (&wrong));
  return NULL;
}

QsManual *
qs_manual_ref (QsManual *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
qs_manual_unref (QsManual *self)
{
  g_atomic_rc_box_release_full (self, manual_clear);
}

GPtrArray *
qs_manual_get_pages (QsManual *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->pages;
}

const QsManualPage *
qs_manual_find (QsManual *self, const char *id)
{
  g_return_val_if_fail (self != NULL && id != NULL, NULL);

  return g_hash_table_lookup (self->by_id, id);
}

GPtrArray *
qs_manual_get_topics (QsManual *self, const char *page, const char *section)
{
  g_return_val_if_fail (self != NULL && page != NULL, NULL);

  GPtrArray *topics = g_ptr_array_new ();
  g_autofree char *wanted = section != NULL ? g_strconcat (page, "#", section, NULL) : g_strdup (page);

  for (guint i = 0; i < self->pages->len; i++)
    {
      QsManualPage *at = g_ptr_array_index (self->pages, i);
      if (g_ptr_array_find_with_equal_func (at->guides, wanted, g_str_equal, NULL))
        g_ptr_array_add (topics, at);
    }
  return topics;
}

static gboolean
holds_all (const char *text, char **words)
{
  for (; *words != NULL; words++)
    if (strstr (text, *words) == NULL)
      return FALSE;
  return TRUE;
}

GPtrArray *
qs_manual_search (QsManual *self, const char *words)
{
  g_return_val_if_fail (self != NULL && words != NULL, NULL);

  GPtrArray *found = g_ptr_array_new ();
  g_autofree char *folded = g_utf8_casefold (words, -1);
  g_auto (GStrv) each = g_strsplit_set (folded, " \t", -1);

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < self->pages->len; i++)
      {
        QsManualPage *page = g_ptr_array_index (self->pages, i);
        g_autofree char *title = g_utf8_casefold (page->title, -1);
        gboolean in_title = holds_all (title, each) || g_strcmp0 (page->id, words) == 0;
        if (pass == 0 ? in_title : !in_title && holds_all (page->folded, each))
          g_ptr_array_add (found, page);
      }
  return found;
}
