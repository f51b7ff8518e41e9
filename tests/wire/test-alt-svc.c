/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-alt-svc.h"

/* Values of the field, and what they name: "PROTOCOL HOST PORT AGE[ persist]" each. */
static const struct {
  const char *name, *value, *named;
} rows[] = {
  { "plain", "h3=\":443\"", "h3 - 443 86400" },
  { "host", "h3=\"alt.example:8443\"; ma=60", "h3 alt.example 8443 60" },
  { "address", "h3=\"[2001:db8::1]:443\"", "h3 2001:db8::1 443 86400" },
  { "several", "h3=\":443\"; ma=5, h3-29=\":444\";ma=6 , h2=\"a:1\"", "h3 - 443 5, h3-29 - 444 6, h2 a 1 86400" },
  { "escaped-protocol", "w%3Dx=\":443\"", "w=x - 443 86400" },
  { "no-age", "h3=\":443\"; ma=0", "h3 - 443 0" },
  { "quoted-age", "h3=\":443\"; ma=\"7\"", "h3 - 443 7" },
  { "capital", "h3=\":443\"; MA=9; Persist=1", "h3 - 443 9 persist" },
  { "persist", "h3=\":443\"; ma=60; persist=1", "h3 - 443 60 persist" },
  { "persist-else", "h3=\":443\"; persist=2", "h3 - 443 86400" },
  { "unknown-parameter", "h3=\":443\"; x=\"; ma=0\"; ma=8", "h3 - 443 8" },
  { "bad-age", "h3=\":443\"; ma=soon", "h3 - 443 86400" },
  { "negative-age", "h3=\":443\"; ma=-1", "h3 - 443 86400" },
  { "large-age", "h3=\":443\"; ma=99999999999999999999", "h3 - 443 86400" },
  { "no-value", "h3=\":443\"; ma", "h3 - 443 86400" },
  { "clear", "clear", "" },
  { "no-port", "h3=\"host\", h3=\":70000\"", "" },
  { "unquoted", "h3=:443", "" },
};

static void
test_row (gconstpointer data)
{
  const char *value = rows[GPOINTER_TO_UINT (data)].value, *named = rows[GPOINTER_TO_UINT (data)].named;
  g_autoptr (GPtrArray) found = qs_alt_svc_parse (value);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < found->len; i++)
    {
      const QsAltSvc *alternative = found->pdata[i];
      g_string_append_printf (text, "%s%s %s %u %" G_GINT64_FORMAT "%s", i > 0 ? ", " : "", alternative->protocol,
                              alternative->host != NULL ? alternative->host : "-", (guint) alternative->port,
                              alternative->max_age, alternative->persist ? " persist" : "");
    }
  g_assert_cmpstr (text->str, ==, named);
}

static void
test_clear (void)
{
  g_assert_true (qs_alt_svc_is_clear ("clear"));
  g_assert_true (qs_alt_svc_is_clear (" clear "));
  g_assert_false (qs_alt_svc_is_clear ("Clear"));
  g_assert_false (qs_alt_svc_is_clear ("clear=\":443\""));
  g_assert_false (qs_alt_svc_is_clear (""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/wire/alt-svc/", rows[i].name, NULL);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_row);
    }
  g_test_add_func ("/wire/alt-svc/clear-alone", test_clear);
  return g_test_run ();
}
