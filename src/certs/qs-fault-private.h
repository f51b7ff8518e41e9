/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/x509.h>

#include "certs/qs-fault.h"

G_BEGIN_DECLS

#define QS_MOST_JUDGED 32 /* certificates of a chain: what a peer sends beyond is no path of anybody's */

/* A chain while it is judged. */
typedef struct {
  const QsChainFacts *facts;
  QsCertificate *leaf;
  GPtrArray *built;  /* QsCertificate: as the verification built it; may be empty */
  GArray *path;      /* guint: places in what was sent, from the server's own up, each signed by the next */
  GPtrArray *faults; /* QsFault */
} QsJudge;

/* Takes sentence. One fault of a kind and a place is enough: a second one is dropped. */
void qs_judge_add (QsJudge *self, QsFaultKind kind, int place, int code, QsCertificate *certificate, char *sentence);
gboolean qs_judge_has (QsJudge *self, QsFaultKind kind);
QsCertificate *qs_judge_get_sent (QsJudge *self, guint place);
guint qs_judge_get_n_sent (QsJudge *self); /* that are looked at */
/* -1: not among those sent. */
int qs_judge_find_place (QsJudge *self, QsCertificate *certificate);
/* Whether the time is known. */
gboolean qs_judge_has_time (QsJudge *self);

/* What OpenSSL accepts. */
void qs_judge_policy (QsJudge *self);
/* Of the constraints of one CA; NULL: the certificate keeps to them. */
char *qs_name_constraints_words (QsCertificate *ca, QsCertificate *certificate);
/* Where the certificate of its issuer can be had: escaped; NULL: it does not say. */
char *qs_certificate_dup_issuer_url (QsCertificate *certificate);

G_END_DECLS
