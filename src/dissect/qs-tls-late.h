/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dissect/qs-dissection.h"

G_BEGIN_DECLS

/**
 * QsTlsLate:
 *
 * Finds whose secrets a record over TCP is under where the recording does not hold all that tells it: the ClientHello, whose random
 * bytes name the lines of a key log, the ServerHello, which names the cipher suite, or how many records went before. All of that is
 * tried, the likely first; only a record that opens (RFC 9846 section 5.2) proves it.
 */
typedef struct _QsTlsLate QsTlsLate;

/* What is known, and what is to be found. */
typedef struct {
  const guint8 *random; /* the client's, of QsDissection.secrets when found; NULL: any connection of the key log */
  guint16 suite;        /* 0: any of TLS 1.3 */
  guint16 version;      /* with the next two: what ServerHello says, for TLS 1.2 and before */
  gboolean encrypt_then_mac;
  const guint8 *server_random; /* for a suite of TLS 1.2, which has its sequence number counted from ChangeCipherSpec */
  QsSide side;                 /* who sent the record */
  QsSecretLabel label;         /* (out) */
  guint64 sequence;            /* (out): the record's number under that secret */
} QsTlsLateFacts;

typedef enum { QS_TLS_LATE_GOING_ON, QS_TLS_LATE_FOUND, QS_TLS_LATE_NOTHING } QsTlsLateResult;

/* record: with its header, copied. The randoms in facts must stay as long as the search. */
QsTlsLate *qs_tls_late_new (QsSecretStore *secrets, const QsTlsLateFacts *facts, QsSpan record);
void qs_tls_late_free (QsTlsLate *self);
/* Tries for about a millisecond. facts is written when something was found. */
QsTlsLateResult qs_tls_late_try_some (QsTlsLate *self, QsTlsLateFacts *facts);

G_END_DECLS
