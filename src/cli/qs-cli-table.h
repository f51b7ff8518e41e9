/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "study/qs-study.h"

G_BEGIN_DECLS

/* What is said of several connections: a row each, with number, start, client, server, name, protocol, packets and verdict. Of a hundred
 * thousand the rest is counted. */
typedef struct _QsCliTable QsCliTable;

QsCliTable *qs_cli_table_new (void);
void qs_cli_table_free (QsCliTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCliTable, qs_cli_table_free)

/* study: settled, with a source that numbers it; let go of behind this. */
void qs_cli_table_add (QsCliTable *self, QsStudy *study);
/* In the order of their numbers, under a head. */
void qs_cli_table_print (QsCliTable *self, FILE *out);

G_END_DECLS
