/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What quicserve --examine-client is told; all borrowed. */
typedef struct {
  const char *address;
  guint16 port;
  char **names;   /* for the throwaway certificate; NULL: the local ones */
  char **command; /* starts a client for each run; NULL: clients come by themselves */
  const char *checks, *junit, *pcapng, *write_ca;
  guint count, jobs, timeout_s;
  gboolean json, quiet;
} QuicserveExamineOptions;

/* The exit status. */
int quicserve_examine_client (const QuicserveExamineOptions *options);
void quicserve_list_checks (void);

G_END_DECLS
