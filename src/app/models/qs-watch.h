/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-lab.h"
#include "net/qs-target.h"
#include "study/qs-connection-table.h"
#include "tap/qs-tap-recipe.h"
#include "tap/qs-tap.h"

G_BEGIN_DECLS

/**
 * QsWatch: connections that others make, as the window shows them: through a relay, or in a capture that is being written.
 *
 * It drives a QsTap and a program that is started to be watched, and fills a table (study/qs-connection-table.h) whose rows follow
 * what happens: each at most four times a second, and all together a small share of the main loop's time. What ended stays, with its
 * table, until the next start.
 *
 * Properties: "state" (QsWatchState as int, notifies). Signals: "changed" (): figures and words are other ones, at most four times a
 * second.
 */
#define QS_TYPE_WATCH (qs_watch_get_type ())
G_DECLARE_FINAL_TYPE (QsWatch, qs_watch, QS, WATCH, GObject)

typedef enum {
  QS_WATCH_IDLE,
  QS_WATCH_STARTING, /* the server's addresses are asked for, or the lab starts */
  QS_WATCH_RUNNING,
  QS_WATCH_STOPPING, /* the program was asked to end, and what is there settles */
} QsWatchState;

typedef struct {
  const char *target;          /* HOST[:PORT], QS_WATCH_LAB or QS_WATCH_ANY */
  guint16 port;                /* to listen on, at 127.0.0.1; 0: any */
  const char *const *key_logs; /* files; NULL at the end, may be NULL */
  const char *command;         /* words as a shell takes them, with places in braces; NULL: none */
  const char *impairment;      /* rules; NULL: none */
} QsWatchWish;
#define QS_WATCH_LAB "lab"
#define QS_WATCH_ANY "any" /* a proxy (SOCKS 5, HTTP CONNECT): TCP alone, each where its program wants to go */

QsWatch *qs_watch_new (QsLab *lab); /* lab may be NULL where just captures are watched */
/* FALSE with a translated sentence; what goes wrong later is qs_watch_get_error(). */
gboolean qs_watch_start (QsWatch *self, const QsWatchWish *wish, GError **error);
gboolean qs_watch_start_capture (QsWatch *self, const QsTapCaptureOptions *options, GError **error);
/* The program first, where one runs: it is asked to end, and a second time made to. */
void qs_watch_stop (QsWatch *self);
/* At once, whatever is under way; what is left of it goes with this. */
void qs_watch_close (QsWatch *self);
QsWatchState qs_watch_get_state (QsWatch *self);
gboolean qs_watch_has_program (QsWatch *self); /* one was started, or will be */
gboolean qs_watch_set_impairment (QsWatch *self, const char *rules, GError **error);

QsTap *qs_watch_get_tap (QsWatch *self);               /* NULL: nothing was watched yet */
QsTarget *qs_watch_get_target (QsWatch *self);         /* NULL: a capture, a proxy, or nothing yet */
gboolean qs_watch_is_proxy (QsWatch *self);            /* it is, or was at last, to lead each where it wants to go */
QsConnectionTable *qs_watch_get_table (QsWatch *self); /* NULL: nothing was watched yet */
/* Where the last start ended in an error, or the program did; NULL. */
const char *qs_watch_get_error (QsWatch *self);
/* What stands for places in a recipe's words: those that are not known yet stay. Strings are borrowed until the state changes. */
/* Of the program that was started, or that is started by a recipe's words: it is gone when that is over. NULL: there was none. */
const char *qs_watch_get_own_key_log (QsWatch *self);
void qs_watch_get_places (QsWatch *self, QsTapPlaces *places);
/* What is heard, of whom, and what is lacking, in sentences. Owned by the caller. */
char *qs_watch_dup_words (QsWatch *self);

/* Their captures, with the secrets, in one pcapng (formats/qs-captures.h): of all whose packets are held. */
void qs_watch_save_async (QsWatch *self, const char *path, GAsyncReadyCallback callback, gpointer data);
/* How many were saved; 0 with error. */
guint qs_watch_save_finish (QsWatch *self, GAsyncResult *result, GError **error);

G_END_DECLS
