/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "doctor/qs-doctor-facts.h"

G_BEGIN_DECLS

/* value: of one header field Alt-Svc, as a header's value is kept, escaped. Notes it, and the ways that it names. */
void qs_doctor_read_alt_svc (QsDoctorFacts *facts, const char *value);
/* records: of QsHttpsRecord, as qs_https_lookup_finish() has them: what an alias led to stands behind it. */
void qs_doctor_read_records (QsDoctorFacts *facts, GPtrArray *records);
/* The proxy that environment variables name for this https:// site, without what stands before its @ (transfer full); NULL: none.
 * As curl reads them: https_proxy, else all_proxy, in either case, and no_proxy. get: g_getenv, or a test's own. */
char *qs_doctor_find_proxy (const char *host, const char *(*get) (const char *name));

G_END_DECLS
