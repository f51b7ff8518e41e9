/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client.h"

/* A quicserve that runs as a program of its own, on a port of 127.0.0.1 that the kernel chose. */
typedef struct {
  GSubprocess *process;
  GDataInputStream *out;
  guint16 port;
  char *ca_pem;
  char *folder;
} Program;

/* option: one more; "--qlog" writes captures into its folder. */
void program_start (Program *self, const char *path, const char *option);
/* In order. err: NULL, or what it printed on standard error. */
void program_stop (Program *self, char **err);
guint program_get_memory (Program *self); /* KiB that are resident */
