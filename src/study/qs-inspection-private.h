/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-inspection.h"

G_BEGIN_DECLS

/* What the inspection's files share. */

/* Takes field. is_content: it is what the packet is about. */
void qs_inspection_add_part (QsInspection *self, QsField *field, GBytes *bytes, gboolean is_content);

/* What of HTTP/3 a STREAM frame carries. */
void qs_inspection_add_http3 (QsInspection *self, QsTrace *trace, guint packet, const QsFrame *frame, QsSpan payload);

G_END_DECLS
