/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-json-members.h"

void
qs_json_members_set_string (JsonObject *object, const char *name, const char *value)
{
  g_return_if_fail (object != NULL && name != NULL);

  if (value != NULL)
    json_object_set_string_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

void
qs_json_members_set_time (JsonObject *object, const char *name, gint64 ns)
{
  g_return_if_fail (object != NULL && name != NULL);

  if (ns >= 0)
    json_object_set_double_member (object, name, (double) (ns / 1000) / 1000.0);
  else
    json_object_set_null_member (object, name);
}
