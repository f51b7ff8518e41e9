/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* QsLabPage: the built-in server: scenarios, settings, its connections. */
#define QS_TYPE_LAB_PAGE (qs_lab_page_get_type ())
G_DECLARE_FINAL_TYPE (QsLabPage, qs_lab_page, QS, LAB_PAGE, QsPage)

G_END_DECLS
