/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/* One look at a site over TCP, as a const table has it. */
typedef struct {
  guint16 least, most; /* versions of TLS, 0x0303; 0: TLS 1.2, and the newest */
  const char *ciphers; /* OpenSSL's list for TLS 1.2 and older; NULL: its defaults */
  const char *groups;  /* OpenSSL's list; NULL: its defaults */
  const char *alpn;    /* offered before http/1.1; NULL: http/1.1 alone */
  gboolean request;    /* the target's path is asked for, where there is one */
  gboolean again;      /* once before it, and with the session that was got then */
  gboolean plain;      /* HTTP without TLS, on the port for that */
  gboolean records;    /* the DNS is asked for HTTPS records before it */
} QsTcpPlan;

/* For all runs of an examination; borrowed while they last. */
typedef struct {
  QsTarget *target;   /* tls://: with a path where a request makes sense */
  guint16 plain_port; /* 0: none is asked */
  GSocketAddress *plain_address;
  const char *authority;
  QsProbeOptions *options; /* trust, names, addresses; the plan decides on the rest */
} QsTcpTarget;

/* Marks of a plan's trace beside those that any run has. */
#define QS_TCP_MARK_NO_TICKET "tcp-no-ticket" /* again: nothing was given to resume */
#define QS_TCP_MARK_NO_PORT "tcp-no-port"     /* plain: there is no port for it */
#define QS_TCP_MARK_NO_NAME "tcp-no-name"     /* records: the host has no name that the DNS could be asked for */

/**
 * QsTcpRun: one such look. Its trace is the record of it, and of its second connection where there are two.
 */
typedef struct _QsTcpRun QsTcpRun;
typedef void (*QsTcpRunFunc) (QsTcpRun *run, gpointer data); /* it is over; not from within start, and may free it */

QsTcpRun *qs_tcp_run_new (const QsTcpTarget *target, const QsTcpPlan *plan, QsTcpRunFunc done, gpointer data);
void qs_tcp_run_free (QsTcpRun *self); /* ends it, without a call of done */
void qs_tcp_run_start (QsTcpRun *self);
QsTrace *qs_tcp_run_get_trace (QsTcpRun *self);

G_END_DECLS
