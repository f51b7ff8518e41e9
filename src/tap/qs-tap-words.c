/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-words.h"

#include <sys/wait.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

char *
qs_tap_dup_key_log_trouble (QsKeyFollower *log)
{
  g_return_val_if_fail (log != NULL, NULL);

  g_autofree char *path = qs_text_escape (qs_key_follower_get_path (log), -1);
  QsKeyFollowerFigures figures;

  qs_key_follower_get_figures (log, &figures);
  if (qs_key_follower_get_trouble (log) != NULL)
    return g_strdup (qs_key_follower_get_trouble (log));
  if (!figures.there)
    return g_strdup_printf (_ ("There is no key log “%s”."), path);
  if (figures.lines == 0 && figures.bad > 0)
    return g_strdup_printf (_ ("“%s” is not a key log: none of its lines is a label, a client random and a secret."),
                            path);
  if (figures.lines == 0)
    return g_strdup_printf (_ ("The key log “%s” stayed empty."), path);
  if (figures.bad > 0)
    return g_strdup_printf (
        ngettext ("In the key log “%s” %" PRIu64 " line is none, or was not written to its end.",
                  "In the key log “%s” %" PRIu64 " lines are none, or were not written to their end.", figures.bad),
        path, figures.bad);
  return NULL;
}

char *
qs_tap_dup_key_log_restarts (QsKeyFollower *log)
{
  g_return_val_if_fail (log != NULL, NULL);

  g_autofree char *path = qs_text_escape (qs_key_follower_get_path (log), -1);
  QsKeyFollowerFigures figures;

  qs_key_follower_get_figures (log, &figures);
  if (figures.restarts == 0)
    return NULL;
  return g_strdup_printf (_ ("The key log “%s” was emptied or written anew while it was followed: lines that stood "
                             "there for a moment alone may be missing."),
                          path);
}

char *
qs_tap_dup_command_end (int status)
{
  if (status < 0 || (WIFEXITED (status) && WEXITSTATUS (status) == 0))
    return NULL;
  if (WIFEXITED (status))
    return g_strdup_printf (_ ("The program ended with status %d."), WEXITSTATUS (status));
  return g_strdup_printf (_ ("The program was ended by signal %d."), WTERMSIG (status));
}

static void
add_sentence (GString *text, const char *sentence)
{
  if (sentence == NULL)
    return;
  if (text->len > 0)
    g_string_append_c (text, ' ');
  g_string_append (text, sentence);
}

static void
add_reason_of (GString *text, QsKeyFollower *log, const char *own)
{
  QsKeyFollowerFigures figures;
  gboolean is_own = g_strcmp0 (qs_key_follower_get_path (log), own) == 0;

  qs_key_follower_get_figures (log, &figures);
  if (is_own && figures.lines == 0 && figures.bad == 0)
    add_sentence (text,
                  _ ("Nothing was written to the private key log: the program may not know SSLKEYLOGFILE, or want "
                     "an option. Its recipe says so."));
  else
    {
      g_autofree char *trouble = qs_tap_dup_key_log_trouble (log);
      add_sentence (text, trouble);
    }
}

char *
qs_tap_dup_keyless_reasons (QsTap *tap, const char *own)
{
  g_return_val_if_fail (QS_IS_TAP (tap), NULL);

  GPtrArray *logs = qs_tap_get_key_logs (tap);
  GString *text = g_string_new (NULL);
  QsTapTotals totals;

  qs_tap_get_totals (tap, &totals);
  for (guint i = 0; i < logs->len; i++)
    {
      QsKeyFollower *log = logs->pdata[i];
      /* Where others have secrets the private one may well be empty: the program was started by somebody else. */
      gboolean spared = totals.lines > 0 && g_strcmp0 (qs_key_follower_get_path (log), own) == 0;
      if (!spared)
        add_reason_of (text, log, own);
    }
  if (logs->len == 0 && totals.lines == 0)
    add_sentence (text, _ ("No key log is named: what is encrypted stays so. Have the program write one, as with the "
                           "environment's SSLKEYLOGFILE, and name it."));
  else if (totals.lines > 0)
    add_sentence (text,
                  _ ("The key logs have secrets, and none with these connections' client random: they are another "
                     "program's, or come later."));
  return g_string_free (text, FALSE);
}
