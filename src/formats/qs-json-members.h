/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How reports in JSON say things, one way for all of them. A member is always there: null where nothing is known. */
void qs_json_members_set_string (JsonObject *object, const char *name, const char *value);
/* ns in milliseconds of three decimals; negative: not known. */
void qs_json_members_set_time (JsonObject *object, const char *name, gint64 ns);

G_END_DECLS
