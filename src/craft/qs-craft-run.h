/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "craft/qs-craft-listener.h"

G_BEGIN_DECLS

/**
 * A script for QsCraft: a const table of steps, each done when the one before it is.
 */
typedef enum {
  QS_CRAFT_DO_END,
  QS_CRAFT_DO_START,    /* a connection (the one before is left without a word) with options; idle: only its socket */
  QS_CRAFT_DO_AWAIT,    /* one of events, or the end of ms */
  QS_CRAFT_DO_SEND,     /* packet, its payload from frames or bytes */
  QS_CRAFT_DO_QUEUE,    /* frames or bytes in an ordinary packet */
  QS_CRAFT_DO_DATAGRAM, /* what make makes */
  QS_CRAFT_DO_STREAM,   /* bytes on a stream, and its end if fin */
  QS_CRAFT_DO_HTTP3,    /* the three streams that HTTP/3 begins with (RFC 9114 section 6.2, RFC 9204 section 4.2) */
  QS_CRAFT_DO_REQUEST,  /* HEADERS on a stream with fields, NULL: an ordinary GET; and its end if fin */
  QS_CRAFT_DO_FINISH,   /* the Finished that was held back */
  QS_CRAFT_DO_UPDATE_KEYS, /* from the next packet on */
  QS_CRAFT_DO_REBIND,      /* another port; fresh_id: with another connection id too */
  QS_CRAFT_DO_CLOSE,       /* CONNECTION_CLOSE, and what follows is sent all the same */
  QS_CRAFT_DO_HUSH,        /* nothing is sent by itself any more */
  /* A server's. Its START takes on the client that has come. */
  QS_CRAFT_DO_VERSIONS, /* Version Negotiation: bytes, and with own_version the client's */
  QS_CRAFT_DO_RETRY,    /* retry */
  QS_CRAFT_DO_ANSWER,   /* what was held back by HOLD_ANSWER */
  QS_CRAFT_DO_RESET,    /* a stateless reset */
  QS_CRAFT_DO_RESPOND,  /* HEADERS on a stream with fields, NULL: status 200; and its end if fin */
} QsCraftDo;

typedef struct {
  QsCraftDo what;
  gboolean act;                  /* it is what the script is about: a mark "craft-act" stands before it in the trace */
  gboolean after;                /* whether the server goes on behind it is seen by this: a mark "craft-after" */
  gboolean needed;               /* AWAIT: without one of the events the script makes no sense and ends */
  QsCraftEvents events;          /* AWAIT */
  guint ms;                      /* AWAIT: at most so long, and four round trips */
  const QsCraftOptions *options; /* START: NULL: an ordinary one. What it leaves open is the run's */
  gboolean idle, no_alpn, carry_retry, carry_token, carry_session, flip_token, no_sni; /* START */
  const char *sni,
      *impair;          /* START: another server name; another path, as qs_impairment_new() takes it; NULL: the run's */
  QsCraftPacket packet; /* SEND */
  const QsFrame *frames; /* SEND, QUEUE */
  guint n_frames;
  QsSpan bytes; /* SEND, QUEUE: behind frames; STREAM */
  guint64 stream;
  gboolean fin, fresh_id, own_version;
  QsCraftRetry retry;
  const char *const
      *fields; /* REQUEST, RESPOND: names and values in turn; the value "$" stands for the target's authority or path */
  guint times; /* REQUEST: of its last field; 0: once */
  GBytes *(*make) (void); /* DATAGRAM */
} QsCraftStep;

/* For all runs of an examination; borrowed while they last. */
typedef struct {
  GSocketAddress *address;
  const char *server_name; /* NULL: none */
  const char *host;        /* whom the certificate has to name */
  const char *authority, *path;
  const char *const *alpn;
  X509_STORE *trust;
  const char *impairment; /* as qs_impairment_new() takes it; NULL: nothing */
} QsCraftTarget;

/* The same for a server's. */
typedef struct {
  gboolean (*identify) (SSL_CTX *context, guint which, gpointer data); /* as in QsCraftTlsAnswer */
  gpointer identify_data;
  const char *const *alpn;
} QsCraftHost;

#define QS_CRAFT_MARK_ACT "craft-act"
#define QS_CRAFT_MARK_AFTER "craft-after"
#define QS_CRAFT_MARK_MISSED \
  "craft-missed" /* a needed event did not come, or a step could not be done; value: the step */
#define QS_CRAFT_MARK_END "craft-end"

/**
 * QsCraftRun: one walk through a script. Its trace is the record of it.
 */
typedef struct _QsCraftRun QsCraftRun;
typedef void (*QsCraftRunFunc) (QsCraftRun *run, gpointer data); /* it is over; may free it */

/* reason: what the CONNECTION_CLOSE at its end says, "quicscope test F4". */
QsCraftRun *qs_craft_run_new (const QsCraftTarget *target, const QsCraftStep *script, const char *reason,
                              QsCraftRunFunc done, gpointer data);
/* With a client that has just come; its trace is the server's view of it. To be started from within the listener's callback, as long as
 * first is there. */
QsCraftRun *qs_craft_run_new_server (const QsCraftHost *host, QsCraftListener *listener, const QsCraftFirst *first,
                                     const QsCraftStep *script, const char *reason, QsCraftRunFunc done, gpointer data);
void qs_craft_run_free (QsCraftRun *self); /* ends it, without a call of done */
void qs_craft_run_start (QsCraftRun *self);
/* When it is over: its socket goes, and its trace grows no more. */
void qs_craft_run_leave (QsCraftRun *self);
QsTrace *qs_craft_run_get_trace (QsCraftRun *self);

G_END_DECLS
