/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* QsResponsePage: what the server answered: status, header fields, body as text or hex. */
#define QS_TYPE_RESPONSE_PAGE (qs_response_page_get_type ())
G_DECLARE_FINAL_TYPE (QsResponsePage, qs_response_page, QS, RESPONSE_PAGE, QsPage)

G_END_DECLS
