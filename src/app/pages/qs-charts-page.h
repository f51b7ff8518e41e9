/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* Charts: bytes sent, bytes in flight and round trips over time, live; exported as SVG, PNG or PDF. */
#define QS_TYPE_CHARTS_PAGE (qs_charts_page_get_type ())
G_DECLARE_FINAL_TYPE (QsChartsPage, qs_charts_page, QS, CHARTS_PAGE, QsPage)

G_END_DECLS
