/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Where a card is to be kept: the name's ending says in which format. NULL: a person thought better of it. Owned by the caller. */
char *qs_card_files_ask_save (GtkWidget *widget, const char *host);
/* Which earlier card to compare with. */
char *qs_card_files_ask_open (GtkWidget *widget);

G_END_DECLS
