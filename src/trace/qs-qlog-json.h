/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Members of an object that anybody may have written: json-glib's own getters complain, or crash, when the
 * type is another one. object may be NULL. */

JsonObject *qs_json_get_object (JsonObject *object, const char *name); /* NULL: absent or no object */
JsonArray *qs_json_get_array (JsonObject *object, const char *name);
const char *qs_json_get_string (JsonObject *object, const char *name);
gboolean qs_json_get_bool (JsonObject *object, const char *name);
/* A number that is not negative, or a string of decimal digits, or of hex digits after 0x. */
gboolean qs_json_node_to_uint (JsonNode *node, guint64 *value);
gboolean qs_json_get_uint (JsonObject *object, const char *name, guint64 *value);
/* Also a string that is a number. Never a NaN, nor infinite. */
gboolean qs_json_get_double (JsonObject *object, const char *name, double *value);

G_END_DECLS
