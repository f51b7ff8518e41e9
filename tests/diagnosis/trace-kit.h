/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cert-kit.h"
#include "diagnosis/qs-finding.h"
#include "trace/qs-trace.h"

#define MS G_GINT64_CONSTANT (1000000)
#define ORIGIN (G_GINT64_CONSTANT (1795255200) * 1000 * MS) /* 2026-11-21 10:00:00 UTC */

/* What the rules say of a trace; now: as for qs_evidence_new(). */
static inline GPtrArray *
qs_diagnose (QsTrace *trace, gint64 now)
{
  g_autoptr (QsEvidence) evidence = qs_evidence_new (trace, now);

  return qs_findings_new (evidence);
}

/* The finding with this id; NULL: it was not made. */
static inline const QsFinding *
find_finding (GPtrArray *findings, const char *id)
{
  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((const QsFinding *) findings->pdata[i])->id, id))
      return findings->pdata[i];
  return NULL;
}

/* Traces made up for tests, a line for each thing that happens. Times in milliseconds. */
typedef struct {
  QsTrace *trace;
  QsClock *clock;
  GPtrArray *payloads; /* GBytes or NULL, one a packet */
  gint64 at;           /* the time of what comes next */
  guint16 path;        /* of the datagrams that come next */
} Made;

typedef struct {
  const char *alpn; /* NULL: none */
  const char *sni;
  guint16 group;   /* its key share; 0: none */
  guint filler;    /* bytes of padding extension */
  guint16 version; /* ServerHello: supported_versions; 0: none */
  gboolean retry;  /* ServerHello: a HelloRetryRequest */
  guint idle_ms;   /* transport parameters with max_idle_timeout and a window of 4 bytes; 0: none of them */
} Hello;

Made *made_new (QsVantage vantage);
void made_free (Made *made);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Made, made_free)

void made_mark (Made *made, QsMarkKind kind, const char *name, gint64 value, const char *text);
void made_close (Made *made, const char *by, gboolean application, guint64 code, const char *reason);
void made_stream (Made *made, gint64 stream, QsStreamState read_state, QsStreamState write_state, gint64 read_error,
                  guint64 received, guint64 sent);
void made_chain (Made *made, GBytes *packed);
/* The datagrams that come next are between these: "192.0.2.7:5000". */
void made_path (Made *made, const char *local, const char *remote);
void made_datagram (Made *made, QsDirection direction, guint length);
void made_segment (Made *made, QsDirection direction, const void *bytes, gsize length);
/* Returns its index; payload: hex of its frames, or NULL. flags are added to DECRYPTED (unless payload is NULL). */
guint made_packet (Made *made, QsDirection direction, QsPacketType type, guint64 number, const char *payload,
                   guint flags);
void made_hello (Made *made, QsDirection direction, guint8 type, const Hello *hello);
void made_message (Made *made, QsDirection direction, guint8 type, const void *body, gsize length);
void made_certificate (Made *made, GPtrArray *ders);
/* Marks and messages of a handshake that goes through, and of a run that ends well. */
void made_start (Made *made);
void made_handshake (Made *made);
void made_outcome (Made *made, const char *name, const char *stage);
