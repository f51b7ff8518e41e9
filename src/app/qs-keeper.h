/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/**
 * Keeps a window's runs for the next start: each one that is over, and what a person calls it, stands a moment later in a folder of the
 * user's state (models/qs-kept-folder.h), 0600, with its secrets. At the next start they are offered; nothing is read before a
 * person says so. The setting "keep-session" says whether (off at first: secrets are written where somebody asks for it), and what is kept goes when it is switched off.
 *
 * Sessions that nobody restored or deleted stay, the newest five of them; one after the other is offered. What is deleted can be had back
 * until the strip that says so, or the window, is closed.
 *
 * Actions of the window: "keep-session" (boolean state); of the offer: "restore-session", "discard-session", "undo-discard-session",
 * "hide-session-offer".
 */

/* base: the folder of all such folders; NULL: quicscope/sessions in the user's state. Once for a window. */
void qs_keeper_install (QsWindow *window, QsSettings *settings, const char *base);

/* Writes what is not written yet, of a session that has ended, and deletes what was told to go; calls back, at once where nothing is
 * kept. Where it cannot be written, or not within 5 seconds, a person is asked: without them, or again. */
typedef void (*QsKeeperFunc) (gpointer data);
void qs_keeper_close (QsWindow *window, QsKeeperFunc done, gpointer data);

/* Whether all that is over is written: for tests. */
gboolean qs_keeper_is_idle (QsWindow *window);

G_END_DECLS
