/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-captures.h"

#include "base/qs-file.h"
#include "base/qs-private-folder.h"
#include "formats/qs-file-writer.h"

#define MAX_SECTION (G_GUINT64_CONSTANT (1) << 30) /* bytes of one connection's capture */

struct _QsCaptures {
  QsPrivateFolder *folder;
  QsFileWriter *writer;
};

QsCaptures *
qs_captures_new (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (QsCaptures) self = g_new0 (QsCaptures, 1);

  self->folder = qs_private_folder_new ("quictap-", "capture", error);
  if (self->folder == NULL || !qs_private_folder_guard (self->folder, error))
    return NULL;
  self->writer = qs_file_writer_new (path, 0600, error);
  return self->writer != NULL ? g_steal_pointer (&self) : NULL;
}

const char *
qs_captures_get_scratch (QsCaptures *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return qs_private_folder_get_path (self->folder);
}

gboolean
qs_captures_append (QsCaptures *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  g_autoptr (GBytes) bytes = qs_file_load (qs_private_folder_get_path (self->folder), MAX_SECTION, error);
  return bytes != NULL &&
         qs_file_writer_write (self->writer, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

gboolean
qs_captures_finish (QsCaptures *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return qs_file_writer_finish (self->writer, error);
}

void
qs_captures_free (QsCaptures *self)
{
  g_clear_pointer (&self->writer, qs_file_writer_free);
  g_clear_pointer (&self->folder, qs_private_folder_free);
  g_free (self);
}
