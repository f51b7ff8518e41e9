/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tap/qs-tap.h"

G_BEGIN_DECLS

/* Translated sentences on what a tap lacks; each is its caller's. */

/* What is wrong with a key log, as far as it was read; NULL: nothing. */
char *qs_tap_dup_key_log_trouble (QsKeyFollower *log);
/* That it was written anew meanwhile; NULL: it was not. */
char *qs_tap_dup_key_log_restarts (QsKeyFollower *log);
/* How a program ended, by its status as waitpid() has it; NULL: well, or it goes on (-1). */
char *qs_tap_dup_command_end (int status);
/* Why connections lack keys: one sentence for each reason that there is. own: the private key log that a program was given; NULL. */
char *qs_tap_dup_keyless_reasons (QsTap *tap, const char *own);

G_END_DECLS
