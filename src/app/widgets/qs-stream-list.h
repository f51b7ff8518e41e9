/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-run.h"

G_BEGIN_DECLS

/**
 * QsStreamList: a run's streams with how each of them ended, for looking at: two lines a stream. Live.
 */
#define QS_TYPE_STREAM_LIST (qs_stream_list_get_type ())
G_DECLARE_FINAL_TYPE (QsStreamList, qs_stream_list, QS, STREAM_LIST, GtkListBox)

/* run: NULL for none. */
void qs_stream_list_set_run (QsStreamList *self, QsRun *run);

G_END_DECLS
