/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"
#include "server/qs-server.h"

G_BEGIN_DECLS

/* A local server in this process, on a port that the kernel chooses, and its CA in a file. */
typedef struct {
  QsServer *server;
  char *ca_file;
  guint16 port;
} Fixture;

/* scenario may be NULL. alpn: comma separated, NULL for the server's own. */
void fixture_init (Fixture *fixture, const char *scenario, const char *alpn);
void fixture_clear (Fixture *fixture);

/* Options that trust the fixture's CA. */
QsProbeOptions *fixture_options (Fixture *fixture, QsMode mode);
/* A probe of "SCHEME://HOST:PORT" + path, not started. */
QsProbe *fixture_probe (Fixture *fixture, const char *scheme, const char *path, const QsProbeOptions *options);

/* Starts it unless it is, and runs the loop until it is finished (60 s at most, then fails). */
void run_probe (QsProbe *probe);
/* The loop, until *condition (data) or 60 s. */
void run_until (gboolean (*condition) (gpointer data), gpointer data);
void run_for (guint ms);

guint count_fds (void);
const QsMark *find_mark (QsProbe *probe, QsMarkKind kind, const char *name);
/* Its marks, a line each, on standard error: for when a test fails. */
void dump_marks (QsProbe *probe);

#define assert_succeeded(probe)                     \
  G_STMT_START                                      \
  {                                                 \
    if (!qs_probe_get_succeeded (probe))            \
      dump_marks (probe);                           \
    g_assert_true (qs_probe_get_succeeded (probe)); \
  }                                                 \
  G_STMT_END

G_END_DECLS
