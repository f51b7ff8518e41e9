/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsApplication: the program `quicscope`.
 *
 *   quicscope [TARGET|FILE…] [--keylog=FILE] [--demo] [--scenario=NAME] [--page=NAME] [--size=WxH] [--dark]
 *             [--snapshot=FILE]
 */
#define QS_TYPE_APPLICATION (qs_application_get_type ())
G_DECLARE_FINAL_TYPE (QsApplication, qs_application, QS, APPLICATION, GtkApplication)

QsApplication *qs_application_new (void);
/* The command line was wrong, as in quicprobe. */
#define QS_EXIT_USAGE 2
/* With --snapshot: 1 when a run failed or the picture was not written; QS_EXIT_USAGE for a target that is none; 0
 * else. */
int qs_application_get_exit_status (QsApplication *self);

G_END_DECLS
