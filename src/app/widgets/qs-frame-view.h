/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "lessons/qs-lesson.h"

G_BEGIN_DECLS

/**
 * QsFrameView:
 *
 * A program of its own (quicscope-frame) that a blocking call may freeze, and how long it has been silent, beside how
 * late this window's main loop is. On X11 it sits in this widget; where a window cannot hold another program's
 * (Wayland), it opens a window of its own. The program and the server that it connects to live while the widget is on
 * the screen.
 */
#define QS_TYPE_FRAME_VIEW (qs_frame_view_get_type ())
G_DECLARE_FINAL_TYPE (QsFrameView, qs_frame_view, QS, FRAME_VIEW, GtkBox)

/* The server is set up as this run of the lesson asks. lesson: NULL for none. */
void qs_frame_view_set_run (QsFrameView *self, QsLesson *lesson, int run);
/* How large its letters are; a program that runs is started anew. */
void qs_frame_view_set_text_scale (QsFrameView *self, double scale);

G_END_DECLS
