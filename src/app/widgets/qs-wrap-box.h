/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsWrapBox: a horizontal box whose children go on in another row where the width does not do for all of them.
 *
 * It asks for no more than its widest child. In a row, children that expand share what is left; where none does, it lies before the
 * first one that is packed at the end. Homogeneous: all have the same width beside one another, or each has a row. Unlike in a GtkFlowBox the rows know no columns, and Tab passes by what is insensitive.
 */
#define QS_TYPE_WRAP_BOX (qs_wrap_box_get_type ())
G_DECLARE_FINAL_TYPE (QsWrapBox, qs_wrap_box, QS, WRAP_BOX, GtkBox)

G_END_DECLS
