/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* Asks a person for a run's name and note, as they are now, and gives them to it. Returns at once. */
void qs_naming_ask (QsWindow *window, QsRun *run);

G_END_DECLS
