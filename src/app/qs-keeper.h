/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/**
 * Keeps a window's runs for the next start: each one that is over, and what a person calls it, stands a moment later in a folder of the
 * user's state (models/qs-kept-folder.h), 0600, with its secrets. At the next start they are offered; nothing is read before a
 * person says so. The setting "keep-session" says whether (off at first: secrets are written where somebody asks for it), and what is kept goes when it is switched off.
 *
 * Actions of the window: "keep-session" (boolean state), "restore-session", "discard-session" (the offer's).
 */

/* base: the folder of all such folders; NULL: quicscope/sessions in the user's state. Once for a window. */
void qs_keeper_install (QsWindow *window, QsSettings *settings, const char *base);

/* Writes what is not written yet, of a session that has ended; calls back, at once where nothing is kept, and after 5 seconds whatever
 * the disk does. */
typedef void (*QsKeeperFunc) (gpointer data);
void qs_keeper_close (QsWindow *window, QsKeeperFunc done, gpointer data);

/* Whether all that is over is written: for tests. */
gboolean qs_keeper_is_idle (QsWindow *window);

G_END_DECLS
