/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/* QsSecurityPage: what TLS negotiated, the verify result in words, the certificates opened up. */
#define QS_TYPE_SECURITY_PAGE (qs_security_page_get_type ())
G_DECLARE_FINAL_TYPE (QsSecurityPage, qs_security_page, QS, SECURITY_PAGE, QsPage)

G_END_DECLS
