/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-scribe.h"

G_BEGIN_DECLS

/* QPACK, RFC 9204: what can be told without the tables. Names and values of field lines come from who keeps those. */

/**
 * qs_qpack_instruction_length:
 * @encoder: whether it is the encoder's stream, else the decoder's
 * @length: (out): of the instruction that bytes starts with
 *
 * Returns: %FALSE when its end has not arrived yet
 */
gboolean qs_qpack_instruction_length (QsSpan bytes, gboolean encoder, gsize *length);

/* "Insert with Name Reference": what an instruction is, by its first byte. Not translated: the RFC's names. */
const char *qs_qpack_instruction_name (guint8 first, gboolean encoder);

/* An encoded field section (section 4.5) whose fields stand in it literally and refer to no table. fields: name, value, …, NULL. */
void qs_qpack_literals_write (GByteArray *out, const char *const *fields);

/* Instructions, one behind the other. */
void qs_scribe_qpack_instructions (QsScribe *scribe, gboolean encoder);

/* An encoded field section (section 4.5), to the scribe's end. lines: names and values in turn, escaped, ended by NULL; NULL
 * when they are not known. */
void qs_scribe_qpack_section (QsScribe *scribe, const char *const *lines);

G_END_DECLS
