/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/quictap-options.h"
#include "tap/qs-tap.h"

G_BEGIN_DECLS

/* What quictap tells of connections as they settle, and in the end. One is told of as quicprobe --read does, several in a table. */
typedef struct _QuictapReport QuictapReport;

/* NULL with error: the file for the captures cannot be written. */
QuictapReport *quictap_report_new (const QuictapOptions *options, GError **error);
void quictap_report_free (QuictapReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuictapReport, quictap_report_free)

/* A connection that has settled. */
void quictap_report_add (QuictapReport *self, QsTapConnection *connection);
/* command_status: as waitpid() has it, -1: there was no command. Whether connections came and all went well, and all could be written. */
gboolean quictap_report_finish (QuictapReport *self, QsTap *tap, int command_status);

G_END_DECLS
