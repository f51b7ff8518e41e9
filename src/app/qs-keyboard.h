/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/**
 * What a key means to whom, in the window as a whole:
 *
 * - a field of text that has the focus gets its keys before the window's shortcuts (Ctrl+Delete is a word there);
 * - Escape leaves first: a popover, what a filter says, the filter; only then does the connection end.
 *
 * Both return TRUE where the key is used up. before: to call before GTK's own key handling, after: where nobody took it.
 */
gboolean qs_keyboard_before (QsWindow *window, GdkEventKey *event);
gboolean qs_keyboard_after (QsWindow *window, GdkEventKey *event);

/* Ctrl+F: the shown page's filter; where it has none, that of the packets; nothing where there are none. */
void qs_keyboard_find (QsWindow *window);

G_END_DECLS
