/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* Sequence: the run as a diagram of arrows between client and server, live; exported as SVG, PNG or PDF. */
#define QS_TYPE_SEQUENCE_PAGE (qs_sequence_page_get_type ())
G_DECLARE_FINAL_TYPE (QsSequencePage, qs_sequence_page, QS, SEQUENCE_PAGE, QsPage)

G_END_DECLS
