/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-error.h"

/* clang-format off */
G_DEFINE_QUARK (qs-error-quark, qs_error)
