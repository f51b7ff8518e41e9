/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lessons/qs-lesson-private.h"

#include <string.h>

#include "base/qs-file.h"

#define DEFAULT_TIMEOUT_MS 10000
#define ANY_ORDER 1000 /* behind those that say where they stand */

static void
setup_free (gpointer data)
{
  QsLessonSetup *setup = data;

  g_strfreev (setup->scenarios);
  g_free (setup->path);
  g_free (setup->request);
  g_strfreev (setup->alpn);
  g_free (setup->groups);
  g_free (setup->ciphersuites);
  g_free (setup->sni);
  g_strfreev (setup->programs);
  g_ptr_array_unref (setup->streams);
  g_free (setup);
}

static void
choice_free (gpointer data)
{
  QsLessonChoice *choice = data;

  g_free (choice->markup);
  g_clear_pointer (&choice->when.packets, qs_filter_unref);
  g_free (choice->when.packets_text);
  g_free (choice->when.finding);
  g_free (choice->when.fact);
  g_free (choice->when.value);
  g_free (choice);
}

static void
question_free (QsLessonQuestion *question)
{
  g_free (question->markup);
  g_free (question->proof_markup);
  g_clear_pointer (&question->proof, qs_filter_unref);
  g_ptr_array_unref (question->choices);
  g_free (question);
}

static void
page_free (gpointer data)
{
  QsLessonPage *page = data;

  g_free (page->title);
  g_free (page->markup);
  g_free (page->at);
  g_clear_pointer (&page->stop, qs_filter_unref);
  g_clear_pointer (&page->question, question_free);
  g_free (page);
}

QsLesson *
qs_lesson_new (const char *name, const char *file)
{
  QsLesson *self = g_new0 (QsLesson, 1);

  g_atomic_ref_count_init (&self->refs);
  self->name = g_strdup (name);
  self->file = g_strdup (file);
  self->order = ANY_ORDER;
  self->runs = g_ptr_array_new_with_free_func (setup_free);
  self->pages = g_ptr_array_new_with_free_func (page_free);
  return self;
}

QsLessonSetup *
qs_lesson_setup_new (void)
{
  QsLessonSetup *setup = g_new0 (QsLessonSetup, 1);

  setup->timeout_ms = DEFAULT_TIMEOUT_MS;
  setup->streams = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  return setup;
}

QsLessonPage *
qs_lesson_page_new (void)
{
  QsLessonPage *page = g_new0 (QsLessonPage, 1);

  page->run = -1;
  return page;
}

QsLessonQuestion *
qs_lesson_question_new (void)
{
  QsLessonQuestion *question = g_new0 (QsLessonQuestion, 1);

  question->choices = g_ptr_array_new_with_free_func (choice_free);
  return question;
}

QsLessonChoice *
qs_lesson_choice_new (void)
{
  return g_new0 (QsLessonChoice, 1);
}

QsLesson *
qs_lesson_ref (QsLesson *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
qs_lesson_unref (QsLesson *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->name);
  g_free (self->file);
  g_free (self->title);
  g_free (self->summary);
  g_ptr_array_unref (self->runs);
  g_ptr_array_unref (self->pages);
  g_free (self);
}

QsLesson *
qs_lesson_load (const char *path, const char *const *languages, GError **error)
{
  g_return_val_if_fail (path != NULL && languages != NULL, NULL);

  g_autoptr (GBytes) bytes = qs_file_load (path, QS_LESSON_MAX_FILE, error);
  if (bytes == NULL)
    return NULL;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  g_autofree char *file = g_path_get_basename (path);
  g_autofree char *shown = g_filename_display_name (file);
  g_autofree char *name = g_strdup (shown);
  char *dot = strrchr (name, '.');
  if (dot != NULL)
    *dot = '\0';
  return qs_lesson_parse (text, length, name, shown, languages, error);
}

const char *
qs_lesson_get_name (const QsLesson *self)
{
  return self->name;
}

const char *
qs_lesson_get_title (const QsLesson *self)
{
  return self->title;
}

const char *
qs_lesson_get_summary (const QsLesson *self)
{
  return self->summary != NULL ? self->summary : "";
}

int
qs_lesson_get_order (const QsLesson *self)
{
  return self->order;
}

const char *
qs_lesson_get_file (const QsLesson *self)
{
  return self->file;
}

guint
qs_lesson_get_n_runs (const QsLesson *self)
{
  return self->runs->len;
}

const QsLessonSetup *
qs_lesson_get_run (const QsLesson *self, guint index)
{
  g_return_val_if_fail (index < self->runs->len, NULL);

  return g_ptr_array_index (self->runs, index);
}

guint
qs_lesson_get_n_pages (const QsLesson *self)
{
  return self->pages->len;
}

const QsLessonPage *
qs_lesson_get_page (const QsLesson *self, guint index)
{
  g_return_val_if_fail (index < self->pages->len, NULL);

  return g_ptr_array_index (self->pages, index);
}
