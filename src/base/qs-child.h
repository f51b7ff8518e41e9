/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * QsChild:
 *
 * A program that is started, and ends with us: asked to when we are killed, made to when this is freed.
 */
typedef struct _QsChild QsChild;

typedef enum {
  QS_CHILD_PLAIN = 0,
  QS_CHILD_ASIDE = 1 << 0, /* what it says on its standard output goes to our standard error */
  QS_CHILD_QUIET = 1 << 1, /* what it says goes nowhere */
  QS_CHILD_STDIN = 1 << 2, /* its standard input stays open and empty; else it has ours */
  QS_CHILD_GROUP = 1 << 3, /* what it starts in turn is ended with it */
} QsChildFlags;

/* status: as waitpid() has it. */
typedef void (*QsChildFunc) (int status, gpointer data);

/* Starts nothing yet. The child may have as many descriptors as we may now, whatever we allow ourselves later. */
QsChild *qs_child_new (void);
/* Once. environment: NULL: ours. func: in the thread's default context, once. FALSE with G_SPAWN_ERROR. */
gboolean qs_child_start (QsChild *self, const char *const *words, const char *const *environment, QsChildFlags flags,
                         QsChildFunc func, gpointer data, GError **error);
/* Asks it to end, or with force makes it. */
void qs_child_stop (QsChild *self, gboolean force);
/* One that still runs is made to end. */
void qs_child_free (QsChild *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsChild, qs_child_free)

G_END_DECLS
