/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-qlog-json.h"

#include <math.h>
#include <string.h>

static JsonNode *
get (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_member (object, name) : NULL;
}

JsonObject *
qs_json_get_object (JsonObject *object, const char *name)
{
  JsonNode *node = get (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
qs_json_get_array (JsonObject *object, const char *name)
{
  JsonNode *node = get (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

const char *
qs_json_get_string (JsonObject *object, const char *name)
{
  JsonNode *node = get (object, name);

  return holds (node, G_TYPE_STRING) ? json_node_get_string (node) : NULL;
}

gboolean
qs_json_get_bool (JsonObject *object, const char *name)
{
  JsonNode *node = get (object, name);

  return holds (node, G_TYPE_BOOLEAN) && json_node_get_boolean (node);
}

static gboolean
string_to_uint (const char *text, guint64 *value)
{
  gboolean hex = g_ascii_strncasecmp (text, "0x", 2) == 0;

  return g_ascii_string_to_unsigned (hex ? text + 2 : text, hex ? 16 : 10, 0, G_MAXUINT64, value, NULL);
}

gboolean
qs_json_node_to_uint (JsonNode *node, guint64 *value)
{
  if (holds (node, G_TYPE_INT64))
    {
      gint64 number = json_node_get_int (node);
      *value = (guint64) MAX (number, 0);
      return number >= 0;
    }
  if (holds (node, G_TYPE_DOUBLE))
    {
      double number = json_node_get_double (node);
      *value = number >= 0 && number < 1.8e19 ? (guint64) number : 0;
      return number >= 0 && number < 1.8e19;
    }
  return holds (node, G_TYPE_STRING) && string_to_uint (json_node_get_string (node), value);
}

gboolean
qs_json_get_uint (JsonObject *object, const char *name, guint64 *value)
{
  return qs_json_node_to_uint (get (object, name), value);
}

gboolean
qs_json_get_double (JsonObject *object, const char *name, double *value)
{
  JsonNode *node = get (object, name);
  char *end = NULL;

  if (holds (node, G_TYPE_INT64))
    *value = (double) json_node_get_int (node);
  else if (holds (node, G_TYPE_DOUBLE))
    *value = json_node_get_double (node);
  else if (holds (node, G_TYPE_STRING))
    {
      const char *text = json_node_get_string (node);
      *value = g_ascii_strtod (text, &end);
      if (end == text || *end != '\0')
        return FALSE;
    }
  else
    return FALSE;
  return isfinite (*value);
}
