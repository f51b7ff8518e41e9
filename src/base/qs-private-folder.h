/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsPrivateFolder:
 *
 * A private folder (0700) for one file, where the session keeps such things, else among the temporary files. It goes with its owner.
 * What a program that was killed left there is removed when the next one is made: its lock is free then.
 */
typedef struct _QsPrivateFolder QsPrivateFolder;

/* prefix: of the folder's name, and of those that are looked at for what was left; file: the name of the file that may be in it. */
QsPrivateFolder *qs_private_folder_new (const char *prefix, const char *file, GError **error);
/* Where the file is to be written; nothing is there yet. */
const char *qs_private_folder_get_path (const QsPrivateFolder *self);
/* For secrets: a process of its own waits for the end of this one, however that comes, and removes the folder then at once.
 * FALSE with G_IO_ERROR. */
gboolean qs_private_folder_guard (QsPrivateFolder *self, GError **error);
void qs_private_folder_free (QsPrivateFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsPrivateFolder, qs_private_folder_free)

G_END_DECLS
