/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/qs-cli-table.h"

#include "base/qs-i18n.h"
#include "cli/qs-cli.h"
#include "study/qs-connection-row.h"

#define MOST_ROWS 100000

struct _QsCliTable {
  GPtrArray *rows; /* char ** */
  guint n_left_out;
};

enum { NUMBER, START, CLIENT, SERVER, NAME, PROTOCOL, PACKETS, VERDICT, N_COLUMNS };

static const char *const titles[N_COLUMNS] = { N_ ("No."),  N_ ("Start (UTC)"), N_ ("Client"),  N_ ("Server"),
                                               N_ ("Name"), N_ ("Protocol"),    N_ ("Packets"), N_ ("Verdict") };

static char **
make_row (QsStudy *study)
{
  g_autoptr (QsConnectionRow) known =
      qs_connection_row_new (qs_study_get_trace (study), qs_study_get_source (study)->connection);
  char **row = g_new0 (char *, N_COLUMNS + 1);

  qs_connection_row_read (known, study);
  row[NUMBER] = g_strdup_printf ("%u", known->number);
  row[START] = qs_connection_row_dup_start (known);
  row[CLIENT] = g_strdup (known->client);
  row[SERVER] = g_strdup (known->server);
  row[NAME] = g_strdup (known->name);
  row[PROTOCOL] = qs_connection_row_dup_protocol (known);
  row[PACKETS] = g_strdup_printf ("%u", known->n_packets);
  row[VERDICT] = g_strdup (known->verdict);
  return row;
}

static char **
make_title_row (void)
{
  char **row = g_new0 (char *, N_COLUMNS + 1);

  for (guint column = 0; column < N_COLUMNS; column++)
    row[column] = g_strdup (_ (titles[column]));
  return row;
}

QsCliTable *
qs_cli_table_new (void)
{
  QsCliTable *self = g_new0 (QsCliTable, 1);

  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  return self;
}

void
qs_cli_table_free (QsCliTable *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}

void
qs_cli_table_add (QsCliTable *self, QsStudy *study)
{
  g_return_if_fail (self != NULL && QS_IS_STUDY (study) && qs_study_get_source (study) != NULL);

  if (self->rows->len == MOST_ROWS)
    self->n_left_out++;
  else
    g_ptr_array_add (self->rows, make_row (study));
}

/* In the order of their numbers, whichever ended first. */
static int
compare_rows (gconstpointer a, gconstpointer b)
{
  guint64 left = g_ascii_strtoull ((*(char ***) a)[NUMBER], NULL, 10);
  guint64 right = g_ascii_strtoull ((*(char ***) b)[NUMBER], NULL, 10);

  return left < right ? -1 : left > right;
}

void
qs_cli_table_print (QsCliTable *self, FILE *out)
{
  g_return_if_fail (self != NULL && out != NULL);

  g_ptr_array_sort (self->rows, compare_rows);
  g_ptr_array_insert (self->rows, 0, make_title_row ());
  qs_cli_print_columns (out, self->rows, "rlllllrl");
  g_ptr_array_remove_index (self->rows, 0);
  if (self->n_left_out > 0)
    {
      g_autofree char *text = g_strdup_printf (ngettext ("%u more connection is not listed.",
                                                         "%u more connections are not listed.", self->n_left_out),
                                               self->n_left_out);
      fprintf (out, "%s\n", text);
    }
}
