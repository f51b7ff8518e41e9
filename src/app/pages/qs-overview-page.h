/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* QsOverviewPage: the verdict, what was found and what to do about it, the handshake step by step, key facts. */
#define QS_TYPE_OVERVIEW_PAGE (qs_overview_page_get_type ())
G_DECLARE_FINAL_TYPE (QsOverviewPage, qs_overview_page, QS, OVERVIEW_PAGE, QsPage)

G_END_DECLS
