/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* Runs into files: by dialog, or as a test asks. What was saved is told and shown in its folder, what went wrong is said, both in
 * the window; nothing half-written is left behind. */

/* What the shown run is saved as. */
typedef enum {
  QS_SAVING_TRACE,  /* a capture, a qlog or a key log, by the name's ending */
  QS_SAVING_REPORT, /* a web page */
  QS_N_SAVING_KINDS
} QsSavingKind;

/* Asks a person where to. */
void qs_saving_ask (QsWindow *window, QsSavingKind kind);
/* By the name's ending: .pcapng, .sqlog, .qlog, .keylog and their kin, or .html; another one is refused. filter: of a capture just the
 * packets that it leaves; NULL: all. In slices; returns at once. */
void qs_saving_save (QsWindow *window, QsRun *run, const char *path, const char *filter);

G_END_DECLS
