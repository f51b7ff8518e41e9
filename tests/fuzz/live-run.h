/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

/* A run of quicprobe's at a port of this machine, not yet started. target: with %u for the port. */
QsProbe *live_run_new (const char *target, guint16 port, const char *alpn, const char *groups);
/* Stops it, waits until it is over, asks for all that is to be said of it, and frees it. */
void live_run_finish (QsProbe *probe);
