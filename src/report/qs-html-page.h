/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pages of this folder share: one that needs nothing else, loads nothing and runs nothing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Up to the heading; style: CSS beside that of all pages, NULL: none. */
void qs_html_begin (GString *page, const char *title, const char *more_style);
void qs_html_end (GString *page);

/* As printf: every string argument is escaped for markup on its way. */
void qs_html_add (GString *page, const char *format, ...) G_GNUC_PRINTF (2, 3);
void qs_html_add_heading (GString *page, const char *title);
/* A row of a table; nothing where there is no value. */
void qs_html_add_row (GString *page, const char *name, const char *value);
/* An SVG in a frame; label: for who does not see it. fits: it is to fit on a printed page. */
void qs_html_add_picture (GString *page, GBytes *svg, const char *label, gboolean fits);
/* titles: N_(). */
void qs_html_add_header (GString *page, const char *const *titles, guint n_titles);

G_END_DECLS
