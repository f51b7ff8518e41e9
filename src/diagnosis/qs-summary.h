/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"

G_BEGIN_DECLS

typedef enum {
  QS_STEP_PENDING, /* not there yet */
  QS_STEP_ACTIVE,  /* what is being waited for */
  QS_STEP_DONE,
  QS_STEP_FAILED,
} QsStepStatus;

/* One row of the handshake list. */
typedef struct {
  /* "resolved", "tcp-connected", "client-hello", "retry", "version-negotiation", "hello-retry-request",
   * "server-hello", "encrypted-extensions", "certificate", "verified", "finished", "confirmed" … */
  const char *id;
  char *title;  /* translated: "ServerHello received" */
  char *detail; /* translated: "X25519MLKEM768, TLS_AES_256_GCM_SHA384" or NULL */
  QsStepStatus status;
  gint64 time;   /* trace time in ns; -1 while pending */
  gint64 packet; /* index, -1: none */
} QsStep;
void qs_step_free (QsStep *step);

/* The handshake as a list, in order, live or ended: array of QsStep. */
GPtrArray *qs_handshake_steps (const QsEvidence *evidence);

/**
 * QsSummary: what a trace says about a connection as a whole. Strings are escaped; NULL when not known.
 */
typedef struct {
  char *tls_version, *cipher, *group, *signature, *alpn;
  char *sni;
  int resumed;          /* -1 unknown */
  int verify_code;      /* -1 unknown */
  char *verify_message; /* in words, with the certificate that it is about */
  GPtrArray *chain;     /* QsCertificate; may be empty */
  /* Beside each certificate of the chain what it does not say itself: an array of QsCertificateSection (what is wrong
   * with it; of the server's own the stapled OCSP answer and SCTs); may be empty. */
  GPtrArray *chain_notes;
  gboolean chain_in_doubt; /* something tells against it that the verification does not look at */
  char *quic_version;      /* "1" */
  char *quic_title;        /* "QUIC v1", in a sentence */
  gboolean retry;
  GArray *offered_versions;          /* guint32 of Version Negotiation, NULL when there was none */
  GBytes *peer_transport_parameters; /* the extension's bytes */
  gboolean closed;                   /* close_* are set */
  gboolean close_remote, close_application;
  guint64 close_code, close_frame_type;
  char *close_name, *close_reason;
  /* trace times in ns, -1 unknown */
  gint64 resolved, handshake, confirmed, first_byte, total;
} QsSummary;

QsSummary *qs_summary_new (const QsEvidence *evidence);
void qs_summary_free (QsSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsSummary, qs_summary_free)

/* The sentence above everything else: "Connected to … in 12 ms over QUIC v1 with h3." or what failed. Translated. */
char *qs_verdict (const QsEvidence *evidence, const QsSummary *summary, GPtrArray *findings);

G_END_DECLS
