/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue of findings as XML, as it stands in the tables: build-aux/help-pages makes pages of it. Not installed. */
#include <stdio.h>

#include "diagnosis/qs-rule.h"

static void
print_element (const char *name, const char *text)
{
  g_autofree char *xml = g_markup_printf_escaped ("  <%s>%s</%s>\n", name, text, name);

  fputs (xml, stdout);
}

static void
print_rule (const QsRule *rule)
{
  g_autofree char *head =
      g_markup_printf_escaped (" <row id='%s' severity='%s' certainty='%s' who='%s' reference='%s'>\n", rule->id,
                               qs_severity_name (rule->severity), qs_certainty_name (rule->certainty),
                               qs_party_name (rule->who), rule->reference);

  fputs (head, stdout);
  print_element ("title", rule->title);
  if (rule->detail != NULL)
    print_element ("detail", rule->detail);
  for (const char *const *advice = rule->tries; *advice != NULL; advice++)
    print_element ("try", *advice);
  puts (" </row>");
}

int
main (int argc, char **argv)
{
  const QsRule *rule;

  puts ("<catalogue>");
  for (guint i = 0; (rule = qs_rule_get (i)) != NULL; i++)
    print_rule (rule);
  puts ("</catalogue>");
  return ferror (stdout) != 0;
}
