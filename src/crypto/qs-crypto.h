/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * qs_crypto_init:
 *
 * OpenSSL's own start, for programs: once, behind qs_i18n_init() and before anything else uses libcrypto. Where there is no memory for
 * it, the program ends here, with exit status 1 and a sentence on standard error; left to itself OpenSSL would wait for ever.
 */
void qs_crypto_init (void);

G_END_DECLS
