/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The attributes of a lesson's elements: each is checked, and what is wrong is told with what it has to be. */
#include <string.h>

#include "base/qs-i18n.h"
#include "diagnosis/qs-finding.h"
#include "lessons/qs-lesson-parse-private.h"
#include "net/qs-impairment.h"
#include "server/qs-server.h"
#include "tap/qs-tap-recipe.h"

#define MAX_SECONDS 60

QsFilter *
qs_lesson_read_filter (const char *attribute, const char *text, GError **error)
{
  g_autoptr (GError) why = NULL;
  guint position = 0;
  QsFilter *filter = qs_filter_new (text, &position, &why);

  if (filter == NULL)
    qs_lesson_fail (
        error, _ ("%s=“%s” is no filter expression: %s (at character %u). The Packets page's filter takes the same"),
        attribute, text, why->message, position + 1);
  return filter;
}

gboolean
qs_lesson_read_uint (const char *text, guint max, guint *number)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, max, &value, NULL))
    return FALSE;
  *number = (guint) value;
  return TRUE;
}

/* "3", "1..4", "2..", "..5" */
static void
parse_count (const char *text, guint *min, guint *max, GError **error)
{
  const char *dots = strstr (text, "..");
  g_autofree char *low = dots != NULL ? g_strndup (text, (gsize) (dots - text)) : g_strdup (text);
  const char *high = dots != NULL ? dots + 2 : low;

  *min = 0;
  *max = G_MAXUINT;
  if ((*low == '\0' && *high == '\0') || (*low != '\0' && !qs_lesson_read_uint (low, G_MAXINT, min)) ||
      (*high != '\0' && !qs_lesson_read_uint (high, G_MAXINT, max)) || *min > *max)
    qs_lesson_fail (error, _ ("count=“%s” has to be a number or a range as 2..5, 2.. or ..5"), text);
}

static char **
split_list (const char *text)
{
  char **parts = text != NULL ? g_strsplit (text, ",", -1) : NULL;

  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    g_strstrip (parts[i]);
  return parts;
}

/* --- <run> and <stream> --- */

enum {
  RUN_SCENARIO,
  RUN_PATH,
  RUN_TRANSPORT,
  RUN_REQUEST,
  RUN_ALPN,
  RUN_GROUPS,
  RUN_CIPHERSUITES,
  RUN_SNI,
  RUN_OPTIONS,
  RUN_SECONDS,
  RUN_KEYS,
  RUN_PROGRAM
};

static void
check_scenarios (char **scenarios, GError **error)
{
  for (guint i = 0; scenarios != NULL && scenarios[i] != NULL; i++)
    if (qs_scenario_find (scenarios[i]) == NULL)
      qs_lesson_fail (error, _ ("there is no scenario “%s”; “quicserve --list-scenarios” names them all"),
                      scenarios[i]);
}

static void
set_options (QsLessonSetup *setup, const char *text, GError **error)
{
  g_auto (GStrv) options = split_list (text);

  for (guint i = 0; options != NULL && options[i] != NULL; i++)
    {
      if (g_str_equal (options[i], "insecure"))
        setup->insecure = TRUE;
      else if (g_str_equal (options[i], "hold"))
        setup->hold = TRUE;
      else if (g_str_equal (options[i], "no-retry"))
        setup->no_retry = TRUE;
      else
        qs_lesson_fail (error, _ ("options=“%s”: there is no option “%s”; there are insecure, hold and no-retry"), text,
                        options[i]);
    }
}

/* Names of recipes, and no words of a command: a lesson that somebody else wrote starts nothing but what is known. */
static void
set_programs (QsLessonSetup *setup, const char *text, GError **error)
{
  setup->programs = split_list (text);
  for (guint i = 0; setup->programs != NULL && setup->programs[i] != NULL; i++)
    if (qs_tap_recipe_find (setup->programs[i]) == NULL)
      qs_lesson_fail (error, _ ("there is no recipe “%s” for a program; “quictap --list-recipes” names them all"),
                      setup->programs[i]);
}

void
qs_lesson_read_run (QsLessonSetup *setup, const char **values, GError **error)
{
  g_autoptr (GError) why = NULL;
  guint seconds;

  setup->scenarios = split_list (values[RUN_SCENARIO]);
  check_scenarios (setup->scenarios, error);
  setup->path = g_strdup (values[RUN_PATH]);
  if (setup->path != NULL)
    {
      g_autoptr (QsImpairment) impairment = qs_impairment_new (setup->path, &why);
      if (impairment == NULL)
        qs_lesson_fail (error, "path=“%s”: %s", setup->path, why->message);
    }
  if (values[RUN_TRANSPORT] != NULL && !g_str_equal (values[RUN_TRANSPORT], "quic") &&
      !g_str_equal (values[RUN_TRANSPORT], "tls"))
    qs_lesson_fail (error, _ ("transport=“%s” has to be quic or tls"), values[RUN_TRANSPORT]);
  setup->tls = g_strcmp0 (values[RUN_TRANSPORT], "tls") == 0;
  setup->request = g_strdup (values[RUN_REQUEST]);
  if (setup->request != NULL && *setup->request != '/')
    qs_lesson_fail (error, _ ("request=“%s” has to begin with a slash, as /bytes/1000"), setup->request);
  setup->alpn = split_list (values[RUN_ALPN]);
  setup->groups = g_strdup (values[RUN_GROUPS]);
  setup->ciphersuites = g_strdup (values[RUN_CIPHERSUITES]);
  setup->sni = g_strdup (values[RUN_SNI]);
  set_options (setup, values[RUN_OPTIONS], error);
  if (values[RUN_KEYS] != NULL && !g_str_equal (values[RUN_KEYS], "all") && !g_str_equal (values[RUN_KEYS], "none"))
    qs_lesson_fail (error, _ ("keys=“%s” has to be all or none"), values[RUN_KEYS]);
  setup->keyless = g_strcmp0 (values[RUN_KEYS], "none") == 0;
  set_programs (setup, values[RUN_PROGRAM], error);
  if (values[RUN_SECONDS] == NULL)
    return;
  if (qs_lesson_read_uint (values[RUN_SECONDS], MAX_SECONDS, &seconds) && seconds > 0)
    setup->timeout_ms = seconds * 1000;
  else
    qs_lesson_fail (error, _ ("seconds=“%s” has to be a number from 1 to %u: how long the run may take"),
                    values[RUN_SECONDS], MAX_SECONDS);
}

enum { STREAM_REQUEST, STREAM_SEND, STREAM_BYTES };

void
qs_lesson_read_stream (QsLessonSetup *setup, guint *room, const char **values, GError **error)
{
  guint n = 0, bytes = 0;

  for (guint i = STREAM_REQUEST; i <= STREAM_BYTES; i++)
    n += values[i] != NULL;
  if (n != 1)
    qs_lesson_fail (error, _ ("<stream> takes one of request=“/bytes/1000”, send=“text” and bytes=“1000”"));
  else if (values[STREAM_REQUEST] != NULL && (values[STREAM_REQUEST][0] != '/'))
    qs_lesson_fail (error, _ ("request=“%s” has to begin with a slash, as /bytes/1000"), values[STREAM_REQUEST]);
  else if (values[STREAM_BYTES] != NULL && !qs_lesson_read_uint (values[STREAM_BYTES], *room, &bytes))
    qs_lesson_fail (error, _ ("bytes=“%s” has to be a number; all streams of a lesson may take %u together"),
                    values[STREAM_BYTES], QS_LESSON_MAX_BYTES);
  else if (values[STREAM_REQUEST] != NULL)
    {
      char *line = g_strdup_printf ("GET %s\r\n", values[STREAM_REQUEST]);
      g_ptr_array_add (setup->streams, g_bytes_new_take (line, strlen (line)));
    }
  else if (values[STREAM_SEND] != NULL)
    {
      g_ptr_array_add (setup->streams, g_bytes_new (values[STREAM_SEND], strlen (values[STREAM_SEND])));
    }
  else
    {
      char *letters = g_strnfill (bytes, 'q');
      *room -= bytes;
      g_ptr_array_add (setup->streams, g_bytes_new_take (letters, bytes));
    }
  if (setup->streams->len > QS_LESSON_MAX_PARTS)
    qs_lesson_fail (error, _ ("there are more than %u streams"), QS_LESSON_MAX_PARTS);
}

/* --- <page> --- */

enum { PAGE_AT, PAGE_SHOW };

static const char *const shows[QS_N_LESSON_SHOWS] = {
  [QS_LESSON_SHOW_SEQUENCE] = "sequence", [QS_LESSON_SHOW_STEPS] = "steps",       [QS_LESSON_SHOW_STREAMS] = "streams",
  [QS_LESSON_SHOW_NOTHING] = "nothing",   [QS_LESSON_SHOW_BLOCKING] = "blocking",
};

static void
set_show (QsLessonPage *page, const char *text, GError **error)
{
  page->show = page->run >= 0 ? QS_LESSON_SHOW_SEQUENCE : QS_LESSON_SHOW_NOTHING;
  if (text == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (shows); i++)
    if (g_str_equal (shows[i], text))
      {
        page->show = i;
        if (page->run < 0 && i != QS_LESSON_SHOW_NOTHING)
          qs_lesson_fail (error, _ ("show=“%s” needs a run: put the <page> into a <run>"), text);
        return;
      }
  g_autofree char *all =
      g_strjoinv (", ", (char **) (const char *[]){ shows[0], shows[1], shows[2], shows[3], shows[4], NULL });
  qs_lesson_fail (error, _ ("show=“%s” is nothing that can be shown; there are %s"), text, all);
}

static void
set_moment (QsLessonPage *page, const char *text, GError **error)
{
  page->at = g_strdup (text);
  if (text == NULL)
    return;
  if (page->run < 0)
    qs_lesson_fail (error, _ ("at=“%s” needs a run: put the <page> into a <run>"), text);
  page->event = qs_lesson_event_find (text);
  if (page->event == NULL)
    page->stop = qs_lesson_read_filter ("at", text, error);
}

void
qs_lesson_read_page (QsLessonPage *page, const char **values, GError **error)
{
  set_moment (page, values[PAGE_AT], error);
  set_show (page, values[PAGE_SHOW], error);
}

/* --- <choice> --- */

enum { CHOICE_PACKETS, CHOICE_COUNT, CHOICE_FINDING, CHOICE_FACT, CHOICE_IS };

void
qs_lesson_read_condition (QsLessonCondition *when, QsFilter *packets, const char *packets_text, const char **values,
                          GError **error)
{
  when->min = 1;
  when->max = G_MAXUINT;
  if (values[CHOICE_PACKETS] != NULL)
    {
      when->packets = qs_lesson_read_filter ("packets", values[CHOICE_PACKETS], error);
      when->packets_text = g_strdup (values[CHOICE_PACKETS]);
    }
  if (values[CHOICE_COUNT] != NULL)
    {
      parse_count (values[CHOICE_COUNT], &when->min, &when->max, error);
      if (when->packets == NULL && packets != NULL)
        {
          when->packets = qs_filter_ref (packets);
          when->packets_text = g_strdup (packets_text);
        }
      if (when->packets == NULL)
        qs_lesson_fail (error, _ ("count=“%s” of what? Give the choice or its question packets=“FILTER”"),
                        values[CHOICE_COUNT]);
    }
  when->finding = g_strdup (values[CHOICE_FINDING]);
  if (when->finding != NULL && !qs_finding_id_is_known (when->finding))
    qs_lesson_fail (error, _ ("there is no finding “%s”; “quicserve --list-scenarios” names many"), when->finding);
  when->fact = g_strdup (values[CHOICE_FACT]);
  when->value = g_strdup (values[CHOICE_IS]);
  if ((when->fact == NULL) != (when->value == NULL))
    qs_lesson_fail (error, _ ("fact=“NAME” and is=“VALUE” go together, as fact=“tls.group” is=“X25519”"));
}
