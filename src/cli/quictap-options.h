/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/qs-target.h"
#include "tap/qs-tap-recipe.h"

G_BEGIN_DECLS

/* What quictap's command line says. */
typedef struct {
  QsTarget *target; /* NULL: any, as a proxy */
  GSocketAddress *listen;
  char **keylogs; /* NULL: none */
  char *impairment, *pcapng;
  char **command; /* NULL: none, it waits */
  const QsTapRecipe *recipe;
  gboolean json, quiet;
  gboolean help, version, list_recipes; /* then nothing else is set */
} QuictapOptions;

/* NULL with QS_ERROR_INVALID_TARGET and a sentence that says what is wrong. */
QuictapOptions *quictap_options_parse (int argc, char **argv, GError **error);
void quictap_options_free (QuictapOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuictapOptions, quictap_options_free)

void quictap_print_help (void);

G_END_DECLS
