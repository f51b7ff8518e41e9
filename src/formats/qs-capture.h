/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-run-record.h"

G_BEGIN_DECLS

/**
 * QsCapture:
 *
 * Sorts a capture's packets into connections: one QsTrace for each QUIC connection (UDP addresses and
 * ports, and connection ids where several share them) and each TLS-over-TCP connection. Other traffic
 * is passed over. The client is who sent first.
 */
typedef struct _QsCapture QsCapture;

QsCapture *qs_capture_new (const char *title);
/* Where packets' bytes lie that stay: they are not copied. Before any of them. */
void qs_capture_set_file (QsCapture *self, QsMappedFile *file);
/* What follows was written by Quicscope, so all of it is of one run, with several addresses maybe: one trace. */
void qs_capture_set_one_run (QsCapture *self, gboolean one_run);
/* It may never end: each trace has a budget (trace/qs-trace-budget.h), and where all together hold more than so many bytes, those of
 * the connections that have been silent for longest are let go of, which a note tells. */
void qs_capture_set_endless (QsCapture *self, guint64 most);
/* A capture that is looked at while it is read: what is told by the thread that reads, with lock held. It is endless (each trace has a
 * budget), of its connections those that have been silent for longest are let go of where there are too many, and runs that Quicscope
 * recorded are told of in the end. */
typedef struct {
  GMutex *lock;
  gpointer (*begun) (QsTrace *trace, gboolean tcp, gpointer data); /* what it returns is handed on below */
  void (*passed) (gpointer connection, gboolean over, gpointer data);
  void (*gone) (gpointer connection, gpointer data); /* nothing of it will be told any more */
  void (*secret) (const char *line,
                  gpointer data); /* a line of a key log that the capture holds; its traces do not get it */
  gpointer data;
} QsCaptureWatcher;
/* Before anything is read; copied. */
void qs_capture_set_watcher (QsCapture *self, const QsCaptureWatcher *watcher);
/* Of a watched one, with the lock held: its trace is whole, what still comes is passed over, and it is gone. */
void qs_capture_end_connection (QsCapture *self, gpointer connection);
/* Of a run that Quicscope recorded: its packets go to what this returns, which the capture owns, and its trace is among the
 * others in the end. NULL: it is no record, or one run too many. */
QsRunReader *qs_capture_add_run (QsCapture *self, const guint8 *record, gsize length);
/* To all connections: those that are there and those to come. */
void qs_capture_add_secret (QsCapture *self, const char *line);
#define QS_CAPTURE_FEW_SECRETS 100000 /* lines times connections: up to so many all of them get all */
/* Where there are more, each line is kept once, for who knows the connections' client randoms: qs_capture_dup_secrets() has all of them.
 * Before anything is read. */
void qs_capture_set_secrets_apart (QsCapture *self);
/* Lines that still have to be handed out; NULL: all traces have all. Elements are freed by g_free(). */
GPtrArray *qs_capture_dup_secrets (QsCapture *self);
/* Secrets are added to the traces afterwards: what may be QUIC and is too little to be taken for it is kept for them, with the fact
 * QS_FACT_GUESSED. */
void qs_capture_set_keys_follow (QsCapture *self, gboolean keys_follow);
/* That nothing in it is a connection, and that n_maybe of its packets may be all the same. */
void qs_capture_fail_empty (guint64 n_packets, guint n_maybe, GError **error);
void qs_capture_add_packet (QsCapture *self, const QsCaptured *captured);
guint64 qs_capture_get_n_packets (QsCapture *self);
/* A line for the log of every connection: what was not as it should be in the file. */
void qs_capture_add_note (QsCapture *self, const char *note);
/* QsTrace, in the order in which they began (transfer full); NULL with QS_ERROR_UNSUPPORTED when the file has none. */
GPtrArray *qs_capture_finish (QsCapture *self, GError **error);
void qs_capture_free (QsCapture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCapture, qs_capture_free)

G_END_DECLS
