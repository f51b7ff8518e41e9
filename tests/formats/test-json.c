/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "base/qs-error.h"
#include "formats/qs-json.h"

/* A value as text again, to be compared. */
static void
print (QsJson value, GString *out)
{
  guint64 number;

  if (qs_json_is_array (value))
    {
      g_string_append_c (out, '[');
      for (QsJson e = qs_json_first (value); qs_json_is_there (e); e = qs_json_next (value, e))
        {
          print (e, out);
          g_string_append_c (out, ' ');
        }
      g_string_append_c (out, ']');
    }
  else if (qs_json_string (value) != NULL)
    g_string_append_printf (out, "'%s'", qs_json_string (value));
  else if (qs_json_uint (value, &number))
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, number);
  else
    g_string_append (out, qs_json_is_object (value) ? "{}" : "?");
}

static const struct {
  const char *json;
  const char *expected; /* NULL: an error */
} cases[] = {
  { "1", "1" },
  { " [ 1 , 2 ] ", "[1 2 ]" },
  { "[]", "[]" },
  { "[[],[[1]],{}]", "[[] [[1 ] ] {} ]" },
  { "[\"a\",\"\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "['a' '' '\"\\/\b\f\n\r\t' ]" },
  { "\"\\u00e4\\u20ac\\ud83d\\ude00\"", "'ä€😀'" },
  { "\"\\u0000\\ud800\\udc00x\\ud800y\\udc00\"", "'\xef\xbf\xbd\xf0\x90\x80\x80x\xef\xbf\xbdy\xef\xbf\xbd'" },
  { "[18446744073709551615,\"18446744073709551615\",1e3,2.9,\"0x1F\"]",
    "[18446744073709551615 '18446744073709551615' 1000 2 '0x1F' ]" },
  { "[18446744073709551616,-1,1e300,true,false,null]", "[? ? ? ? ? ? ]" },
  { "{\"a\":{\"b\":[1]},\"c\":2}", "{}" },
  { "", NULL },
  { "[", NULL },
  { "[1", NULL },
  { "[1,", NULL },
  { "[1,]", NULL },
  { "[,1]", NULL },
  { "]", NULL },
  { "[1}", NULL },
  { "{\"a\"}", NULL },
  { "{\"a\":}", NULL },
  { "{\"a\":1,}", NULL },
  { "{a:1}", NULL },
  { "{1:1}", NULL },
  { "1 2", NULL },
  { "01", NULL },
  { "1.", NULL },
  { ".5", NULL },
  { "1e", NULL },
  { "-", NULL },
  { "+1", NULL },
  { "nul", NULL },
  { "NaN", NULL },
  { "\"a", NULL },
  { "\"a\nb\"", NULL },
  { "\"\\x\"", NULL },
  { "\"\\u12g4\"", NULL },
  { "\"\\u12\"", NULL },
  { "\"\\", NULL },
  { "\"\xff\"", NULL },
};

static void
test_cases (void)
{
  g_autoptr (QsJsonText) text = qs_json_text_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup (cases[i].json);
      g_autoptr (GString) got = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      gboolean ok = qs_json_text_parse (text, json, strlen (json), &error);

      g_assert_cmpint (ok, ==, cases[i].expected != NULL);
      if (!ok)
        {
          g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
          g_assert_false (qs_json_is_there (qs_json_text_get_root (text)));
          continue;
        }
      print (qs_json_text_get_root (text), got);
      g_assert_cmpstr (got->str, ==, cases[i].expected);
    }
}

static void
test_members (void)
{
  char json[] =
      "{\"a\":{\"deep\":[1,{\"x\":9}]},\"b\":\"text\",\"c\":true,\"d\":1.5,\"e\":\"2.5\",\"f\":\"2.5x\",\"a\":7}";
  g_autoptr (QsJsonText) text = qs_json_text_new ();
  guint64 number = 0;
  double real = 0;

  g_assert_true (qs_json_text_parse (text, json, strlen (json), NULL));
  QsJson root = qs_json_text_get_root (text);
  QsJson deep = qs_json_get (qs_json_get (root, "a"), "deep");
  g_assert_cmpuint (qs_json_count (deep), ==, 2);
  g_assert_true (qs_json_get_uint (qs_json_next (deep, qs_json_first (deep)), "x", &number));
  g_assert_cmpuint (number, ==, 9);
  g_assert_cmpstr (qs_json_get_string (root, "b"), ==, "text");
  g_assert_true (qs_json_get_bool (root, "c"));
  g_assert_false (qs_json_get_bool (root, "b"));
  g_assert_true (qs_json_get_double (root, "d", &real));
  g_assert_cmpfloat (real, ==, 1.5);
  g_assert_true (qs_json_get_double (root, "e", &real));
  g_assert_cmpfloat (real, ==, 2.5);
  g_assert_false (qs_json_get_double (root, "f", &real));

  /* Whatever is asked of what is not there, or is of another kind. */
  QsJson none = qs_json_get (qs_json_get (root, "b"), "x");
  g_assert_false (qs_json_is_there (none));
  g_assert_false (qs_json_is_there (qs_json_get (none, "y")));
  g_assert_false (qs_json_is_there (qs_json_first (none)));
  g_assert_null (qs_json_string (none));
  g_assert_false (qs_json_uint (none, &number));
  g_assert_cmpuint (qs_json_count (root), ==, 0);
}

static void
test_bounds (void)
{
  g_autoptr (QsJsonText) text = qs_json_text_new ();

  for (guint depth = 60; depth < 70; depth++)
    {
      g_autofree char *open = g_strnfill (depth, '[');
      g_autofree char *close = g_strnfill (depth, ']');
      g_autofree char *json = g_strconcat (open, close, NULL);

      g_assert_cmpint (qs_json_text_parse (text, json, strlen (json), NULL), ==, depth <= 64);
    }
}

/* Texts made at random: accepted by json-glib and by us alike. */
static void
test_against_json_glib (void)
{
  static const char alphabet[] = "{}[]\":,01eE.-+ \\utrfalsn\"\"";
  g_autoptr (QsJsonText) text = qs_json_text_new ();
  guint accepted = 0;

  for (guint i = 0; i < 200000; i++)
    {
      char json[12];
      guint n = (guint) g_test_rand_int_range (1, sizeof json);

      for (guint j = 0; j < n; j++)
        json[j] = alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)];
      json[n] = '\0';
      g_autofree char *copy = g_strdup (json);
      if (!qs_json_text_parse (text, copy, n, NULL))
        continue;
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autoptr (GError) error = NULL;
      accepted++;
      /* json-glib 1.6 is the laxer one of both, but for escapes and numbers that it takes otherwise. */
      if (!json_parser_load_from_data (parser, json, n, &error))
        g_assert_true (strpbrk (json, "\\eE") != NULL || g_str_has_prefix (json, "-"));
    }
  g_test_message ("%u accepted", accepted);
  g_assert_cmpuint (accepted, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/cases", test_cases);
  g_test_add_func ("/json/members", test_members);
  g_test_add_func ("/json/bounds", test_bounds);
  g_test_add_func ("/json/against-json-glib", test_against_json_glib);
  return g_test_run ();
}
