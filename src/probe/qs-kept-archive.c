/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-kept-archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/qs-error.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"
#include "formats/qs-file-writer.h"
#include "probe/qs-kept-runs.h"

#define PIECE 65536
#define HEAD 30 /* of a file in a ZIP archive, before its name (APPNOTE 4.3.7) */

typedef struct archive Archive;
typedef struct archive_entry Entry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_read_free) /* of either kind */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Entry, archive_entry_free)

static gboolean
set_damaged (GError **error)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE,
                       _ ("it is no session, or a damaged one, or it ends too early."));
  return FALSE;
}

static gboolean
set_too_large (GError **error)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_TOO_LARGE,
                       _ ("it holds more than any session does, and is not read."));
  return FALSE;
}

gboolean
qs_kept_archive_is_one (const char *path)
{
  g_return_val_if_fail (path != NULL, FALSE);

  char head[HEAD + sizeof QS_KEPT_LIST - 1];
  int fd = qs_file_open (path, NULL, NULL);
  if (fd < 0)
    return FALSE;
  gboolean whole = qs_file_read (fd, path, head, sizeof head, NULL) == sizeof head;
  close (fd);
  return whole && memcmp (head, "PK\003\004", 4) == 0 &&
         memcmp (head + HEAD, QS_KEPT_LIST, sizeof QS_KEPT_LIST - 1) == 0;
}

/* --- Packing --- */

typedef struct {
  QsFileWriter *out;
  GError **error; /* of the first write that failed; what follows goes nowhere */
} Sink;

/* It never fails as libarchive sees it, which frees nothing of what it has begun once something was fatal (3.6). */
static la_ssize_t
write_cb (Archive *archive, void *data, const void *bytes, size_t length)
{
  Sink *sink = data;

  if (*sink->error == NULL)
    qs_file_writer_write (sink->out, bytes, length, sink->error);
  return (la_ssize_t) length;
}

/* error: not NULL, and may be set already. */
static gboolean
set_packing_error (Archive *archive, GError **error)
{
  if (*error == NULL)
    {
      const char *text = archive_error_string (archive);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("The session was not saved: %s"),
                   text != NULL ? text : "libarchive");
    }
  return FALSE;
}

static gboolean
pack_bytes (Archive *archive, int fd, const char *path, guint64 size, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *piece = g_malloc (PIECE);

  for (guint64 left = size; left > 0;)
    {
      gssize got = qs_file_read (fd, path, piece, (gssize) MIN (left, PIECE), error);
      if (got < 0 || g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (got == 0)
        return set_packing_error (archive, error);
      if (archive_write_data (archive, piece, (size_t) got) != got || *error != NULL)
        return set_packing_error (archive, error);
      left -= (guint64) got;
    }
  return TRUE;
}

static gboolean
pack_file (Archive *archive, const char *folder, const char *name, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (Entry) entry = archive_entry_new ();
  guint64 size;
  int fd = qs_file_open (path, &size, error);

  if (fd < 0)
    return FALSE;
  archive_entry_set_pathname (entry, name);
  archive_entry_set_size (entry, (la_int64_t) size);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0600);
  gboolean good = archive_write_header (archive, entry) == ARCHIVE_OK && *error == NULL
                      ? pack_bytes (archive, fd, path, size, cancellable, error)
                      : set_packing_error (archive, error);
  close (fd);
  return good;
}

gboolean
qs_kept_archive_pack (const char *folder, const char *const *names, const char *path, GCancellable *cancellable,
                      GError **error)
{
  g_return_val_if_fail (folder != NULL && names != NULL && path != NULL, FALSE);

  g_autoptr (QsFileWriter) out = qs_file_writer_new (path, 0600, error);
  if (out == NULL)
    return FALSE;
  g_autoptr (GError) own = NULL;
  Sink sink = { out, &own };
  g_autoptr (Archive) archive = archive_write_new ();
  gboolean good = archive_write_set_format_zip (archive) == ARCHIVE_OK &&
                  archive_write_set_bytes_per_block (archive, 0) == ARCHIVE_OK &&
                  archive_write_open2 (archive, &sink, NULL, write_cb, NULL, NULL) == ARCHIVE_OK;

  for (guint i = 0; good && names[i] != NULL; i++)
    good = pack_file (archive, folder, names[i], cancellable, &own);
  if (good && archive_write_close (archive) == ARCHIVE_OK && own == NULL)
    return qs_file_writer_finish (out, error);
  set_packing_error (archive, &own); /* from now on nothing is written */
  g_propagate_error (error, g_steal_pointer (&own));
  return FALSE;
}

/* --- Unpacking --- */

static gboolean
unpack_bytes (Archive *archive, QsFileWriter *out, guint64 *total, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *piece = g_malloc (PIECE);

  for (;;)
    {
      la_ssize_t got = archive_read_data (archive, piece, PIECE);
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (got < 0)
        return set_damaged (error);
      if (got == 0)
        return qs_file_writer_finish (out, error);
      *total += (guint64) got;
      if (*total > QS_KEPT_MOST_BYTES)
        return set_too_large (error);
      if (!qs_file_writer_write (out, piece, (gsize) got, error))
        return FALSE;
    }
}

static gboolean
unpack_entry (Archive *archive, Entry *entry, const char *folder, guint64 *total, GCancellable *cancellable,
              GError **error)
{
  const char *name = archive_entry_pathname (entry);

  if (name == NULL || !qs_kept_is_name (name) || archive_entry_filetype (entry) != AE_IFREG)
    return set_damaged (error);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return set_damaged (error);
  g_autoptr (QsFileWriter) out = qs_file_writer_new (path, 0600, error);
  return out != NULL && unpack_bytes (archive, out, total, cancellable, error);
}

static gboolean
unpack_all (Archive *archive, const char *folder, GCancellable *cancellable, GError **error)
{
  guint64 total = 0;

  for (guint n = 0;; n++)
    {
      Entry *entry;
      int result = archive_read_next_header (archive, &entry);
      if (result == ARCHIVE_EOF)
        return n > 0 || set_damaged (error);
      if (result != ARCHIVE_OK)
        return set_damaged (error);
      if (n == QS_KEPT_MOST_FILES)
        return set_too_large (error);
      if (!unpack_entry (archive, entry, folder, &total, cancellable, error))
        return FALSE;
    }
}

gboolean
qs_kept_archive_unpack (const char *path, const char *folder, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL && folder != NULL, FALSE);

  int fd = qs_file_open (path, NULL, error);
  if (fd < 0)
    return FALSE;
  g_autoptr (Archive) archive = archive_read_new ();
  gboolean good = archive_read_support_format_zip_seekable (archive) == ARCHIVE_OK &&
                  archive_read_open_fd (archive, fd, PIECE) == ARCHIVE_OK;

  good = good ? unpack_all (archive, folder, cancellable, error) : set_damaged (error);
  close (fd);
  return good;
}
