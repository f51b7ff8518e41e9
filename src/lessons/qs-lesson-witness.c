/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lessons/qs-lesson-witness.h"

#include "base/qs-i18n.h"
#include "tap/qs-tap-command.h"
#include "tap/qs-tap-recipe.h"
#include "tap/qs-tap.h"

struct _QsLessonWitness {
  const QsLessonSetup *setup;
  guint16 server_port;
  QsTap *tap;
  QsTapCommand *command; /* NULL: a probe is the client */
  guint program;         /* the next one to be tried */
  QsTapConnection *shown;
  char *error;
  gboolean stopping;
  QsLessonWitnessFunc func; /* NULL: it was not started, or all is over */
  gpointer data;
};

static void
added_cb (QsLessonWitness *self, QsTapConnection *connection)
{
  if (self->shown == NULL)
    self->shown = g_object_ref (connection);
}

static void
stopped_cb (QsLessonWitness *self)
{
  QsLessonWitnessFunc func = self->func;

  self->func = NULL;
  if (func != NULL)
    func (self->data);
}

/* --- The program --- */

static void
tell_missing (QsLessonWitness *self)
{
  g_autofree char *names = g_strjoinv (", ", self->setup->programs);

  self->error = g_strdup_printf (
      _ ("This page has another program watched, and none that it knows a way for made a connection: %s. "
         "Install one of them and try again; the text can be read without."),
      names);
}

static gboolean try_program (QsLessonWitness *self);

/* One that is not there, or does not know what it was told, leaves no connection: then it is the next one's turn. */
static void
exited_cb (int status, gpointer data)
{
  QsLessonWitness *self = data;
  QsTapTotals totals;

  qs_tap_get_totals (self->tap, &totals);
  gboolean came = self->shown != NULL || totals.relay.datagrams + totals.relay.segments > 0;
  if (!came && !self->stopping && try_program (self))
    return;
  if (!came && !self->stopping)
    tell_missing (self);
  qs_tap_begin_stop (self->tap, FALSE);
}

static gboolean
try_program (QsLessonWitness *self)
{
  const QsTapPlaces places = { "localhost", self->server_port, qs_tap_get_address (self->tap),
                               qs_tap_command_get_key_log (self->command) };

  for (char **programs = self->setup->programs; programs[self->program] != NULL;)
    {
      const QsTapRecipe *recipe = qs_tap_recipe_find (programs[self->program++]);
      g_auto (GStrv) words = qs_tap_places_fill_all (&places, recipe->words);
      const QsTapCommandFlags flags = QS_TAP_COMMAND_NO_INPUT | QS_TAP_COMMAND_SILENT;
      if (qs_tap_command_start (self->command, (const char *const *) words, flags, exited_cb, self, NULL))
        return TRUE;
    }
  return FALSE;
}

/* --- Public functions --- */

/* What programs take the file of an authority from: those on OpenSSL; curl, which looks at its own first; Node.js. */
static const char *const trust[] = { "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS" };

QsLessonWitness *
qs_lesson_witness_new (const QsLessonSetup *setup, guint16 port, const char *ca_file, GError **error)
{
  g_return_val_if_fail (setup != NULL && ca_file != NULL, NULL);

  g_autoptr (QsLessonWitness) self = g_new0 (QsLessonWitness, 1);
  g_autoptr (GPtrArray) servers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSocketAddress) listen = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autofree char *target = g_strdup_printf ("localhost:%u", port);

  self->setup = setup;
  self->server_port = port;
  g_ptr_array_add (servers, g_inet_socket_address_new_from_string ("127.0.0.1", port));
  if (setup->programs != NULL)
    {
      self->command = qs_tap_command_new (error);
      if (self->command == NULL)
        return NULL;
      for (guint i = 0; i < G_N_ELEMENTS (trust); i++)
        qs_tap_command_set_variable (self->command, trust[i], ca_file);
    }
  const char *key_log = self->command != NULL ? qs_tap_command_get_key_log (self->command) : NULL;
  const char *const key_logs[] = { setup->keyless ? NULL : key_log, NULL };
  const QsTapOptions options = { target, key_logs, 0, { listen, servers, NULL, 0 } };
  self->tap = qs_tap_new (&options, error);
  if (self->tap == NULL)
    return NULL;
  g_signal_connect_swapped (self->tap, "added", G_CALLBACK (added_cb), self);
  g_signal_connect_swapped (self->tap, "stopped", G_CALLBACK (stopped_cb), self);
  return g_steal_pointer (&self);
}

guint16
qs_lesson_witness_get_port (QsLessonWitness *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (qs_tap_get_address (self->tap)));
}

void
qs_lesson_witness_start (QsLessonWitness *self, QsLessonWitnessFunc func, gpointer data)
{
  g_return_if_fail (self != NULL && self->func == NULL && func != NULL);

  self->func = func;
  self->data = data;
  qs_tap_start (self->tap);
  if (self->command == NULL || try_program (self))
    return;
  tell_missing (self);
  qs_tap_begin_stop (self->tap, TRUE);
}

void
qs_lesson_witness_stop (QsLessonWitness *self)
{
  g_return_if_fail (self != NULL);

  if (self->func == NULL)
    return;
  self->stopping = TRUE;
  if (self->command != NULL && qs_tap_command_is_running (self->command))
    qs_tap_command_stop (self->command, TRUE);
  qs_tap_begin_stop (self->tap, FALSE);
}

QsStudy *
qs_lesson_witness_get_study (QsLessonWitness *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->shown != NULL ? qs_tap_connection_get_study (self->shown) : NULL;
}

const char *
qs_lesson_witness_get_error (QsLessonWitness *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->error;
}

void
qs_lesson_witness_free (QsLessonWitness *self)
{
  g_clear_pointer (&self->command, qs_tap_command_free);
  if (self->tap != NULL)
    g_signal_handlers_disconnect_by_data (self->tap, self);
  g_clear_object (&self->shown);
  g_clear_object (&self->tap);
  g_free (self->error);
  g_free (self);
}
