/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lessons/qs-lesson-library.h"

#include <gio/gio.h>

#include "base/qs-i18n.h"

typedef struct {
  const char *const *languages;
  GPtrArray *lessons;
  GPtrArray *problems;
} Load;

static int
compare_lessons (gconstpointer a, gconstpointer b)
{
  const QsLesson *first = *(QsLesson *const *) a, *second = *(QsLesson *const *) b;
  int by_order = qs_lesson_get_order (first) - qs_lesson_get_order (second);

  return by_order != 0 ? by_order : g_utf8_collate (qs_lesson_get_title (first), qs_lesson_get_title (second));
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

static void
load_file (Load *load, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsLesson) lesson = qs_lesson_load (path, load->languages, &error);

  if (lesson == NULL)
    g_ptr_array_add (load->problems, g_strdup (error->message));
  else if (qs_lessons_find (load->lessons, qs_lesson_get_name (lesson)) == NULL)
    g_ptr_array_add (load->lessons, g_steal_pointer (&lesson));
}

/* In the order of names, whatever the file system's is. */
static void
load_folder (Load *load, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, QS_LESSON_SUFFIX))
      g_ptr_array_add (names, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    load_file (load, g_ptr_array_index (names, i));
}

GPtrArray *
qs_lessons_load (const char *const *languages, GPtrArray **problems)
{
  g_return_val_if_fail (languages != NULL, NULL);

  g_autoptr (GPtrArray) ignored = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *lessons = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_lesson_unref);
  Load load = { languages, lessons, ignored };
  g_autofree char *own = qs_lessons_dup_own_folder ();
  g_autofree char *installed = g_build_filename (PKGDATADIR, "lessons", NULL);
  const char *uninstalled = g_getenv ("QS_LESSONDIR");
  const char *const *folders = g_get_system_data_dirs ();

  load_folder (&load, own);
  if (uninstalled != NULL)
    load_folder (&load, uninstalled);
  for (guint i = 0; folders[i] != NULL; i++)
    {
      g_autofree char *folder = g_build_filename (folders[i], "quicscope", "lessons", NULL);
      if (!g_str_equal (folder, installed))
        load_folder (&load, folder);
    }
  load_folder (&load, installed);
  g_ptr_array_sort (lessons, compare_lessons);
  if (problems != NULL)
    *problems = g_steal_pointer (&ignored);
  return lessons;
}

QsLesson *
qs_lessons_find (GPtrArray *lessons, const char *name)
{
  g_return_val_if_fail (lessons != NULL && name != NULL, NULL);

  for (guint i = 0; i < lessons->len; i++)
    if (g_str_equal (qs_lesson_get_name (g_ptr_array_index (lessons, i)), name))
      return g_ptr_array_index (lessons, i);
  return NULL;
}

char *
qs_lessons_dup_own_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "quicscope", "lessons", NULL);
}

char *
qs_lessons_dup_guide (void)
{
  const char *uninstalled = g_getenv ("QS_LESSONDIR");

  return uninstalled != NULL ? g_build_filename (uninstalled, "README.md", NULL)
                             : g_build_filename (PKGDATADIR, "lessons", "README.md", NULL);
}
