/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Every library below the window translates through its own domain, so that a program that
 * embeds it need not set one: _() looks up in Quicscope's catalogue. */
#include "qs-config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h> /* PRIu64: xgettext knows it, and cuts a string short at G_GUINT64_FORMAT */

#undef ngettext
#define ngettext(one, many, n) g_dngettext (GETTEXT_PACKAGE, one, many, n)

/* Binds the catalogue: the source tree's when it runs uninstalled (QS_LOCALEDIR), else the
 * installed one; sets the user's locale. Programs call it first. */
void qs_i18n_init (void);
