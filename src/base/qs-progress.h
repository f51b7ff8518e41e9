/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How far something is that takes long: written in one thread, looked at in others. Counted references. */
typedef struct _QsProgress QsProgress;

QsProgress *qs_progress_new (void);
QsProgress *qs_progress_ref (QsProgress *self);
void qs_progress_unref (QsProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsProgress, qs_progress_unref)
/* done of all, both in any unit; self may be NULL: nobody looks. */
void qs_progress_set (QsProgress *self, guint64 done, guint64 all);
/* From 0 to 1. */
double qs_progress_get (QsProgress *self);

G_END_DECLS
