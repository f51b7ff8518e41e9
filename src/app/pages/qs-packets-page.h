/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* QsPacketsPage: every packet (or TLS record) as a row, a filter over them, and the selected one opened up. */
#define QS_TYPE_PACKETS_PAGE (qs_packets_page_get_type ())
G_DECLARE_FINAL_TYPE (QsPacketsPage, qs_packets_page, QS, PACKETS_PAGE, QsPage)

/* Selects the next packet (or record) that the filter leaves, or by -1 the one before; without a filter that is the next one at all. */
void qs_packets_page_step (QsPacketsPage *self, int by);

G_END_DECLS
