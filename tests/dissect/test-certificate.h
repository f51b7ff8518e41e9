/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

/* Gives a context a new self-signed certificate for localhost. */
void test_use_certificate (SSL_CTX *ctx);
