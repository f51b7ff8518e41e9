/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* The connections of the file that the shown run is of, where there are several: one of them is chosen here and becomes a run. */
#define QS_TYPE_CONNECTIONS_PAGE (qs_connections_page_get_type ())
G_DECLARE_FINAL_TYPE (QsConnectionsPage, qs_connections_page, QS, CONNECTIONS_PAGE, QsPage)

G_END_DECLS
