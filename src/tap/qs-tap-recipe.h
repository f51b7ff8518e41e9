/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How a program is led through a tap: words with places in braces, which are filled in when it is started. */
typedef struct {
  const char *name;           /* "chromium"; stays */
  const char *title;          /* N_() */
  const char *note;           /* N_(): what to know of its keys and its ways; NULL */
  const char *const *words;   /* NULL at the end */
  const char *const *proxied; /* through a tap that is a proxy, TCP alone; NULL: no other words than any program's */
} QsTapRecipe;

const QsTapRecipe *qs_tap_recipes (guint *n_recipes);
const QsTapRecipe *qs_tap_recipe_find (const char *name); /* NULL */

/**
 * QsTapPlaces: what stands for a place.
 *
 * `{host}` and `{target-port}` are the target's; `{address}` (IPv6 in brackets), `{ip}` (without) and `{port}` are where the tap listens,
 * `{url}` is https with these; `{keylog}` is the file that the program's secrets go to; `{cache}` a folder for what programs keep.
 */
typedef struct {
  const char *host;
  guint16 target_port;
  GSocketAddress *listen; /* NULL: its places stay as they are */
  const char *key_log;    /* NULL: likewise */
} QsTapPlaces;

/* A word with its places filled in; braces around anything else stay (transfer full). */
char *qs_tap_places_fill (const QsTapPlaces *places, const char *word);
/* All of them (transfer full). */
char **qs_tap_places_fill_all (const QsTapPlaces *places, const char *const *words);

/* The words that start it, as a shell takes them, with the places filled in that are known, and SSLKEYLOGFILE set before them where none
 * of them names the key log (transfer full). */
char *qs_tap_recipe_dup_words (const QsTapRecipe *recipe, const QsTapPlaces *places);

/* The same for a tap that is a proxy: where the recipe has no words of its own for that, what makes many programs use one (transfer
 * full). */
char *qs_tap_recipe_dup_proxied_words (const QsTapRecipe *recipe, const QsTapPlaces *places);

/* The command that starts quictap with it, as a shell takes it: the target is filled in, the other places are left to quictap
 * (transfer full). */
char *qs_tap_recipe_dup_command (const QsTapRecipe *recipe, const char *host, guint16 port);

G_END_DECLS
