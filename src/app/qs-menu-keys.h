/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Lets the popover of a menu say which keys do the same, as GTK's menus do and its popovers do not. The button has its menu model. */
void qs_menu_keys_show (GtkMenuButton *button, GtkApplication *application);

G_END_DECLS
