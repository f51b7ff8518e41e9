/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* libFuzzer's entry: decodes size bytes and returns 0. Whatever the bytes are, it must not crash,
 * leak, or take long. What it parses, it also shows: a tree of fields is checked whole. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);
