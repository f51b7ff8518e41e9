/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "tap/qs-tap-recipe.h"

static void
test_places (void)
{
  g_autoptr (GSocketAddress) v4 = g_inet_socket_address_new_from_string ("127.0.0.1", 4433);
  g_autoptr (GSocketAddress) v6 = g_inet_socket_address_new_from_string ("::1", 4434);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("0.0.0.0", 4435);
  const struct {
    GSocketAddress *listen;
    const char *word, *filled;
  } cases[] = {
    { v4, "{address}:{port}", "127.0.0.1:4433" },
    { v6, "{address}:{port}", "[::1]:4434" },
    { v6, "{ip}", "::1" },
    { any, "{ip}", "127.0.0.1" },
    { v4, "{url}x", "https://127.0.0.1:4433/x" },
    { v4, "{host}:{target-port} {keylog}", "example.org:443 /run/keys" },
    { v4, "{ {other} {} {port", "{ {other} {} {port" },
    { v4, "f({ a: '{ip}' })", "f({ a: '127.0.0.1' })" },
    { NULL, "{host} {port} {address}", "example.org {port} {address}" },
    { v4, "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const QsTapPlaces places = { "example.org", 443, cases[i].listen, "/run/keys" };
      g_autofree char *filled = qs_tap_places_fill (&places, cases[i].word);
      g_assert_cmpstr (filled, ==, cases[i].filled);
    }
}

/* Each recipe asks for the place where the relay listens, and a shell takes it apart into the same words. */
static void
test_recipes (void)
{
  guint n;
  const QsTapRecipe *recipes = qs_tap_recipes (&n);

  g_assert_cmpuint (n, >=, 11);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *command = qs_tap_recipe_dup_command (&recipes[i], "example.org", 443);
      g_auto (GStrv) words = NULL;

      g_test_message ("%s", command);
      g_assert_true (qs_tap_recipe_find (recipes[i].name) == &recipes[i]);
      g_assert_true (g_shell_parse_argv (command, NULL, &words, NULL));
      g_assert_cmpstr (words[0], ==, "quictap");
      g_assert_cmpstr (words[1], ==, "--to=example.org:443");
      g_assert_cmpstr (words[2], ==, "--");
      g_assert_cmpuint (g_strv_length (words) - 3, ==, g_strv_length ((char **) recipes[i].words));
      g_assert_true (strstr (command, "{port}") != NULL || strstr (command, "{url}") != NULL);
      g_assert_null (strstr (command, "{host}"));
      g_assert_null (strstr (command, "{target-port}"));
      const QsTapPlaces nowhere = { 0 };
      g_autofree char *proxied = qs_tap_recipe_dup_proxied_words (&recipes[i], &nowhere);
      g_assert_nonnull (strstr (proxied, "{address}:{port}"));
      g_assert_null (strstr (proxied, "{host}"));
      g_assert_null (strstr (proxied, "{target-port}"));
    }
  g_assert_null (qs_tap_recipe_find ("netscape"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/places", test_places);
  g_test_add_func ("/recipe/recipes", test_recipes);
  return g_test_run ();
}
