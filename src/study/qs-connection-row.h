/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-study.h"

G_BEGIN_DECLS

/* How far one is that is watched. */
typedef enum {
  QS_WATCHED_HANDSHAKING,
  QS_WATCHED_STANDS,
  QS_WATCHED_CLOSED, /* it stood */
  QS_WATCHED_FAILED,
  QS_WATCHED_SILENT, /* it stood, and nobody ended it */
  QS_N_WATCHED_STATES
} QsWatchedState;

/* What a table of a file's connections says of one. Strings are escaped and never NULL but where it is said. */
typedef struct {
  guint number;          /* of the file's, from 1 */
  gint64 start;          /* nanoseconds since 1970 */
  char *client, *server; /* "192.0.2.1:443"; "?" where not known */
  char *name;            /* the server's, as the ClientHello asks for it */
  char *protocol;        /* ALPN's */
  char *version;         /* "QUIC v1", "TLSv1.3" */
  guint n_packets;       /* or TLS records */
  gint64 duration;       /* nanoseconds, from the first to the last of them */
  char *verdict;         /* NULL: it is still to be read, and all but number, start and addresses is not known */
  gboolean good;         /* as qs_study_is_good() */

  /* Of one that is watched: the verdict is there from the beginning, and may change until it has settled. */
  gboolean watched, settled;
  QsWatchedState state;
  guint64 n_bytes;   /* of datagrams or segments, both ways */
  gboolean has_keys; /* it was told so */
  gboolean let_go;   /* its packets are not held any more: there are newer ones */
} QsConnectionRow;

/* Of a trace that is still to be read. */
QsConnectionRow *qs_connection_row_new (QsTrace *trace, guint number);
/* Fills in the rest. study: settled, of the same trace; or of one that is watched. */
void qs_connection_row_read (QsConnectionRow *row, QsStudy *study);
const char *qs_watched_state_title (QsWatchedState state); /* translated */
void qs_connection_row_free (QsConnectionRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsConnectionRow, qs_connection_row_free)

/* "2026-11-30 01:02:03.456", UTC. Owned by the caller. */
char *qs_connection_row_dup_start (const QsConnectionRow *row);
/* "QUIC v1, h3". Owned by the caller. */
char *qs_connection_row_dup_protocol (const QsConnectionRow *row);

G_END_DECLS
