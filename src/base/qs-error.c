/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-error.h"

#include "base/qs-i18n.h"

/* clang-format off */
G_DEFINE_QUARK (qs-error-quark, qs_error)

gboolean
qs_error_set_no_memory (GError **error)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_FAILED, _ ("There is not enough memory: close other programs."));
  return FALSE;
}
