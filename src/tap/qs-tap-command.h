/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * QsTapCommand:
 *
 * A program that is started to be watched. It has our environment, and SSLKEYLOGFILE besides: a private file (0600), which goes with
 * this, or at once where we are killed (base/qs-private-folder.h). It ends with us.
 */
typedef struct _QsTapCommand QsTapCommand;

/* status: as waitpid() has it. */
typedef void (*QsTapCommandFunc) (int status, gpointer data);

/* Makes the file, and starts nothing yet. NULL with G_IO_ERROR. */
QsTapCommand *qs_tap_command_new (GError **error);
const char *qs_tap_command_get_key_log (QsTapCommand *self);
/* One more variable of its environment. */
void qs_tap_command_set_variable (QsTapCommand *self, const char *name, const char *value);
typedef enum {
  QS_TAP_COMMAND_ASIDE = 1 << 0,    /* what it says on its standard output goes to our standard error */
  QS_TAP_COMMAND_NO_INPUT = 1 << 1, /* its standard input is empty, rather than ours */
  QS_TAP_COMMAND_SILENT = 1 << 2,   /* what it says goes nowhere */
} QsTapCommandFlags;

/* FALSE with G_SPAWN_ERROR. func: in the thread's default context, once. */
gboolean qs_tap_command_start (QsTapCommand *self, const char *const *words, QsTapCommandFlags flags,
                               QsTapCommandFunc func, gpointer data, GError **error);
gboolean qs_tap_command_is_running (QsTapCommand *self);
/* Asks it to end, or with force makes it. */
void qs_tap_command_stop (QsTapCommand *self, gboolean force);
/* One that still runs is made to end. */
void qs_tap_command_free (QsTapCommand *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTapCommand, qs_tap_command_free)

G_END_DECLS
