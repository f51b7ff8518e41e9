/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"

G_BEGIN_DECLS

typedef enum { QS_SEVERITY_ERROR, QS_SEVERITY_WARNING, QS_SEVERITY_INFO } QsSeverity;
const char *qs_severity_name (QsSeverity severity); /* "error", "warning", "info" */

/**
 * QsCertainty: how far what was recorded carries what a finding says.
 *
 * @QS_CERTAINTY_POSSIBLE: it fits, and so does something else
 * @QS_CERTAINTY_LIKELY: the usual cause of what was seen; what only an absence suggests is at most this
 * @QS_CERTAINTY_PROVED: packets, or answers of the system, that mean just this
 */
typedef enum { QS_CERTAINTY_POSSIBLE, QS_CERTAINTY_LIKELY, QS_CERTAINTY_PROVED } QsCertainty;
const char *qs_certainty_name (QsCertainty certainty); /* "possible", "likely", "proved" */

/* Where the cause of a finding lies. */
typedef enum { QS_PARTY_UNKNOWN, QS_PARTY_CLIENT, QS_PARTY_SERVER, QS_PARTY_PATH } QsParty;
const char *qs_party_name (QsParty party); /* "unknown", "client", "server", "path" */

/* One thing that shows what a finding says. */
typedef struct {
  gint64 packet; /* index of a packet, -1: what shows it is no packet (an ICMP message, a mark of the run) */
  gint64 time;   /* trace time in ns, -1: not known */
  char *what;    /* translated, escaped: "Initial 0 from the server: ACK, CONNECTION_CLOSE" */
} QsFindingEvidence;

/**
 * QsFinding: something a good tool names: what happened, what it means, what to try.
 */
typedef struct {
  const char *id; /* "alpn-mismatch": stable */
  QsSeverity severity;
  QsCertainty certainty;
  QsParty who;
  char *title;           /* one translated sentence: what happened */
  char *detail;          /* translated: what it means; may be empty */
  char **tries;          /* translated sentences: what to do, the likeliest help first; never NULL, may be empty */
  const char *reference; /* "RFC 9001 section 8.1" */
  gint64 packet;         /* index of the packet that shows it best, -1: none */
  GPtrArray *evidence;   /* QsFindingEvidence, in the order in which it is to be read; never NULL */
} QsFinding;

void qs_finding_free (QsFinding *finding);

/* Both in one translated line: "Proved. It lies with the server." Owned by the caller. */
char *qs_finding_dup_judgement (const QsFinding *finding);
/* "12.3 ms, packet 4: Initial 0 from the server: CRYPTO", translated. Packets count from 0, as in lists and filters. */
char *qs_finding_evidence_dup_text (const QsFindingEvidence *evidence);

const char *qs_severity_title (QsSeverity severity); /* translated: "Error" */
/* All of it for people, lines of text or, for a ticket, Markdown. Owned by the caller. */
char *qs_finding_dup_text (const QsFinding *finding);
char *qs_finding_dup_markdown (const QsFinding *finding);

/* Runs all rules over what was gathered of a trace, live or from a file: array of QsFinding, most severe first. May be
 * called at any time during a run (a live "no-reply" shows up after 3 s). */
GPtrArray *qs_findings_new (const QsEvidence *evidence);

/* The catalogue, for docs and for `quicserve --list-scenarios`. */
gboolean qs_finding_id_is_known (const char *id);

G_END_DECLS
