/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/qs-html-making.h"

#include "base/qs-slice.h"
#include "formats/qs-file-writer.h"
#include "report/qs-html-page.h"

gpointer
qs_html_making_new (const QsHtmlMakingClass *klass, gsize size)
{
  g_return_val_if_fail (klass != NULL && size >= sizeof (QsHtmlMaking), NULL);

  QsHtmlMaking *self = g_malloc0 (size);
  self->klass = klass;
  self->page = g_string_new (NULL);
  return self;
}

static void
making_free (gpointer data)
{
  QsHtmlMaking *self = data;

  self->klass->clear (self);
  g_string_free (self->page, TRUE);
  g_free (self->path);
  g_free (self);
}

/* TRUE: the page is whole. */
static gboolean
advance (QsHtmlMaking *self, gint64 deadline)
{
  while (self->part < self->klass->n_parts)
    {
      if (!self->klass->parts[self->part](self, deadline))
        return FALSE;
      self->part++;
      if (deadline != 0 && self->part < self->klass->n_parts && g_get_monotonic_time () >= deadline)
        return FALSE;
    }
  qs_html_end (self->page);
  return TRUE;
}

static gboolean
write_page (QsHtmlMaking *self, GError **error)
{
  return qs_file_write (self->path, 0666, self->page->str, self->page->len, error);
}

char *
qs_html_making_to_string (QsHtmlMaking *making)
{
  g_return_val_if_fail (making != NULL, NULL);

  advance (making, 0);
  char *text = g_strndup (making->page->str, making->page->len);
  making_free (making);
  return text;
}

gboolean
qs_html_making_write (QsHtmlMaking *making, const char *path, GError **error)
{
  g_return_val_if_fail (making != NULL && path != NULL, FALSE);

  making->path = g_strdup (path);
  advance (making, 0);
  gboolean written = write_page (making, error);
  making_free (making);
  return written;
}

static gboolean
slice_cb (gint64 deadline, gpointer data)
{
  GTask *task = data;
  QsHtmlMaking *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (!advance (self, deadline))
    return G_SOURCE_CONTINUE;
  if (write_page (self, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  return G_SOURCE_REMOVE;
}

void
qs_html_making_write_async (QsHtmlMaking *making, const char *path, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (making != NULL && path != NULL);

  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);
  making->path = g_strdup (path);
  g_task_set_source_tag (task, qs_html_making_write_async);
  g_task_set_task_data (task, making, making_free);
  g_source_unref (qs_slice_add (g_task_get_context (task), making->klass->source_name, slice_cb, g_object_ref (task),
                                g_object_unref));
}

gboolean
qs_html_making_write_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
