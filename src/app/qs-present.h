/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/**
 * Presenting: for a projector, the whole screen with the picture and the text alone, in large type.
 *
 * Whatever bears the style class `qs-chrome` goes, and comes back with the rest; the window bears `qs-presenting`
 * meanwhile, which the style sheet makes large, and views that draw letters themselves follow the session's
 * "presenting". F11 begins and ends it, Escape ends it. The page is the lesson's if one is open, else the sequence.
 * Page Down and Page Up, as presenters' remotes send them: a lesson goes on and back, a sequence by flights.
 */

/* Adds the action "present" (boolean state) and the keys to a window. */
void qs_present_install (QsWindow *window);

G_END_DECLS
