/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsCaFolder:
 *
 * A private folder (0700) for the certificate of a throwaway authority, where the session keeps such things, else among the temporary files.
 * It goes with its owner. What a program that was killed left there is removed when the next one is made: its lock is free then.
 */
typedef struct _QsCaFolder QsCaFolder;

QsCaFolder *qs_ca_folder_new (GError **error);
/* Where the certificate is to be written; nothing is there yet. */
const char *qs_ca_folder_get_path (const QsCaFolder *self);
void qs_ca_folder_free (QsCaFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCaFolder, qs_ca_folder_free)

G_END_DECLS
