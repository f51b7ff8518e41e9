/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-states.h"

#include <string.h>

#include "base/qs-i18n.h"

static const struct {
  const char *name;
  const char *title;
} connection_states[QS_N_CONNECTION_STATES] = {
  [QS_CONNECTION_IDLE] = { "IDLE", N_ ("Not started") },
  [QS_CONNECTION_RESOLVING] = { "RESOLVING", N_ ("Looking up the name") },
  [QS_CONNECTION_CONNECTING] = { "CONNECTING", N_ ("Connecting") },
  [QS_CONNECTION_HANDSHAKING] = { "HANDSHAKING", N_ ("Handshake under way") },
  [QS_CONNECTION_ESTABLISHED] = { "ESTABLISHED", N_ ("Connected") },
  [QS_CONNECTION_CLOSING] = { "CLOSING", N_ ("Closing") },
  [QS_CONNECTION_CLOSED] = { "CLOSED", N_ ("Closed") },
  [QS_CONNECTION_FAILED] = { "FAILED", N_ ("Failed") },
};

static const char *const modes[] = {
  [QS_MODE_NONBLOCKING] = "nonblocking",
  [QS_MODE_BLOCKING] = "blocking",
  [QS_MODE_THREAD_ASSISTED] = "thread-assisted",
};

static const char *const stages[] = {
  [QS_STAGE_RESOLVE] = "resolve", [QS_STAGE_CONNECT] = "connect", [QS_STAGE_HANDSHAKE] = "handshake",
  [QS_STAGE_REQUEST] = "request", [QS_STAGE_CLOSE] = "close",     [QS_STAGE_DONE] = "done",
};

GType
qs_connection_state_get_type (void)
{
  static gsize type;
  static GEnumValue values[QS_N_CONNECTION_STATES + 1];

  if (g_once_init_enter (&type))
    {
      for (int i = 0; i < QS_N_CONNECTION_STATES; i++)
        values[i] = (GEnumValue){ i, connection_states[i].name, connection_states[i].name };
      g_once_init_leave (&type, g_enum_register_static ("QsConnectionState", values));
    }
  return type;
}

const char *
qs_connection_state_name (QsConnectionState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (connection_states), NULL);
  return connection_states[state].name;
}

const char *
qs_connection_state_title (QsConnectionState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (connection_states), NULL);
  return _ (connection_states[state].title);
}

const char *
qs_mode_name (QsMode mode)
{
  g_return_val_if_fail ((guint) mode < G_N_ELEMENTS (modes), NULL);
  return modes[mode];
}

gboolean
qs_mode_from_name (const char *name, QsMode *mode)
{
  g_return_val_if_fail (name != NULL && mode != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (g_str_equal (modes[i], name))
      {
        *mode = (QsMode) i;
        return TRUE;
      }
  return FALSE;
}

const char *
qs_stage_name (QsStage stage)
{
  g_return_val_if_fail ((guint) stage < G_N_ELEMENTS (stages), NULL);
  return stages[stage];
}

#define EDGE(state) (1u << QS_CONNECTION_##state)

static const guint edges[QS_N_CONNECTION_STATES] = {
  [QS_CONNECTION_IDLE] = EDGE (RESOLVING) | EDGE (FAILED),
  [QS_CONNECTION_RESOLVING] = EDGE (CONNECTING) | EDGE (FAILED),
  [QS_CONNECTION_CONNECTING] = EDGE (HANDSHAKING) | EDGE (FAILED),
  [QS_CONNECTION_HANDSHAKING] = EDGE (ESTABLISHED) | EDGE (FAILED),
  [QS_CONNECTION_ESTABLISHED] = EDGE (CLOSING) | EDGE (FAILED),
  [QS_CONNECTION_CLOSING] = EDGE (CLOSED) | EDGE (FAILED),
  [QS_CONNECTION_CLOSED] = 0,
  [QS_CONNECTION_FAILED] = 0,
};

gboolean
qs_connection_state_may_follow (QsConnectionState from, QsConnectionState to)
{
  g_return_val_if_fail ((guint) from < QS_N_CONNECTION_STATES && (guint) to < QS_N_CONNECTION_STATES, FALSE);
  return (edges[from] & (1u << to)) != 0;
}

const char *
qs_errno_name (int error)
{
  const char *name = strerrorname_np (error);

  if (name != NULL)
    return name;
  g_autofree char *made = g_strdup_printf ("errno %d", error);
  return g_intern_string (made);
}
