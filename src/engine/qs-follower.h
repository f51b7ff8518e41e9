/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dissect/qs-dissector.h"

G_BEGIN_DECLS

/**
 * QsFollower: has a dissector follow a run's trace, and keeps out of the run's way. While few datagrams
 * come it dissects at once; while they come in bulk it takes a small share of the loop, as each pause in
 * acknowledging costs throughput, and catches up behind it.
 */
typedef struct _QsFollower QsFollower;

/* In the thread-default main context. */
QsFollower *qs_follower_new (QsDissector *dissector, QsTrace *trace);
void qs_follower_free (QsFollower *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsFollower, qs_follower_free)

G_END_DECLS
