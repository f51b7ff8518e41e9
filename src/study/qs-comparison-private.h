/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-comparison.h"

G_BEGIN_DECLS

/* Times of the same path differ by chance: what is told of is at least half as long again, and can be felt. */
gboolean qs_comparison_is_slower (gint64 first, gint64 second);
/* A live run begins with the resolver, a capture with the first packet: times count from the first that was sent. */
gint64 qs_comparison_start_of (QsStudy *study);
/* The least round trip that was measured, in ns; -1: none was. */
gint64 qs_comparison_rtt_of (QsStudy *study);

/* QsComparedFact: those that are not the same in all, what matters more first. */
GPtrArray *qs_comparison_find_facts (QsStudy *const *studies, guint n);
/* A sentence for the first fact that matters between the first study and another one. from, until: ids of the table's facts between
 * which it is looked for, `until` not included; NULL: the first, the last. NULL: none matters. Owned by the caller. */
char *qs_comparison_say_fact (QsStudy *const *studies, GPtrArray *facts, guint other, const char *from,
                              const char *until);

G_END_DECLS
