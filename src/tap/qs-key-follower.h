/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define QS_KEY_FOLLOWER_TAIL (16u << 20) /* bytes: of a longer file what stands before is passed over */

/**
 * QsKeyFollower:
 *
 * A key-log file (RFC 9850) that others write: read on as it grows, whoever appends to it. It may come later, be emptied and written
 * anew, or make room for another one of its name (its last lines are read before that is). A line counts when its end is there.
 * What is no regular file is refused, and a program that writes without end is read in pieces.
 */
typedef struct _QsKeyFollower QsKeyFollower;

typedef struct {
  guint64 lines;      /* secrets that were read */
  guint64 bad;        /* lines that are neither a secret nor to be passed over */
  guint64 passed;     /* bytes that stood in it before and are too many */
  guint restarts;     /* it was emptied, or written anew from its beginning */
  guint replacements; /* another file came in its place */
  gboolean there;     /* it could be opened */
} QsKeyFollowerFigures;

typedef void (*QsKeyFollowerFunc) (const char *line, gpointer data);

QsKeyFollower *qs_key_follower_new (const char *path);
void qs_key_follower_free (QsKeyFollower *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsKeyFollower, qs_key_follower_free)

/* Reads what is new, at most a quarter of a megabyte, and calls func for each secret. TRUE: there may be more now. */
gboolean qs_key_follower_poll (QsKeyFollower *self, QsKeyFollowerFunc func, gpointer data);
/* Nobody writes any more: all that is left, a last line without its end too. */
void qs_key_follower_finish (QsKeyFollower *self, QsKeyFollowerFunc func, gpointer data);
void qs_key_follower_get_figures (QsKeyFollower *self, QsKeyFollowerFigures *figures);
const char *qs_key_follower_get_path (QsKeyFollower *self);
/* Why it cannot be read, a translated sentence; NULL: it can, or is not there yet. */
const char *qs_key_follower_get_trouble (QsKeyFollower *self);

G_END_DECLS
