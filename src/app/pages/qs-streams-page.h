/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* QsStreamsPage: each stream of the connection with its states, and what can be done with it. */
#define QS_TYPE_STREAMS_PAGE (qs_streams_page_get_type ())
G_DECLARE_FINAL_TYPE (QsStreamsPage, qs_streams_page, QS, STREAMS_PAGE, QsPage)

G_END_DECLS
