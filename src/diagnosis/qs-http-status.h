/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-finding.h"

G_BEGIN_DECLS

/* What a status of HTTP means. Texts are N_() strings, not translated. */
typedef struct {
  guint status;
  const char *name; /* of RFC 9110 section 15, of nginx's own below 500; NULL: it has none */
  const char *meaning;
  QsParty who;
  const char *attempt; /* what to try; NULL: nothing */
} QsHttpStatus;

/* Of this status, or of its class; NULL below 300. */
const QsHttpStatus *qs_http_status_find (guint status);

G_END_DECLS
