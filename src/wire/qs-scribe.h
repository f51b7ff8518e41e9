/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-field.h"
#include "wire/qs-reader.h"

G_BEGIN_DECLS

/* What a field is called and means. meaning is N_() and may be NULL, as may reference. */
typedef struct {
  const char *name;
  const char *meaning;
  const char *reference;
} QsFieldText;

#define QS_FIELD_TEXT(name, meaning, reference) (&(const QsFieldText){ name, meaning, reference })

/**
 * QsScribe:
 *
 * Reads fields and writes each down as a child of @parent with the bytes that it was read from.
 * Once a read has failed, nothing more is added; qs_scribe_close() tells of it in the tree.
 *
 * A peer can put millions of tiny items into one message. Every loop over items asks
 * qs_scribe_more(), which says no when the tree has become larger than anyone would read.
 */
typedef struct {
  QsReader reader;
  QsField *parent;
  QsFieldSpace space;
  gsize base; /* where the reader's first byte lies in the space */
  guint *room;
} QsScribe;

#define QS_SCRIBE_ROOM 20000

/* room: where the tree's size is counted, QS_SCRIBE_ROOM at first. Borrows parent. */
QsScribe qs_scribe_init (QsField *parent, QsSpan bytes, QsFieldSpace space, gsize base, guint *room);

/* Adds a child for the bytes from start (of the reader) to the present place. Takes value (may be NULL). */
QsField *qs_scribe_add (QsScribe *self, const QsFieldText *text, gsize start, char *value);

/* Read a number and add it. */
guint64 qs_scribe_uint (QsScribe *self, guint n_bytes, const QsFieldText *text);
guint64 qs_scribe_varint (QsScribe *self, const QsFieldText *text);

/* The same, with the number's name in the value: "0x1301 TLS_AES_128_GCM_SHA256". */
typedef const char *(*QsScribeNameFunc) (guint64 value);
guint64 qs_scribe_named (QsScribe *self, guint n_bytes, const QsFieldText *text, QsScribeNameFunc name);

/* Bytes in hex, long ones cut. No child where there are none. */
QsSpan qs_scribe_bytes (QsScribe *self, guint64 length, const QsFieldText *text);
QsSpan qs_scribe_rest (QsScribe *self, const QsFieldText *text);
/* Bytes as escaped text. */
QsSpan qs_scribe_text (QsScribe *self, guint64 length, const QsFieldText *text);

/* Opens a part with children of its own: with a length of length_bytes before it (0: none, then
 * length counts). The caller closes the result with qs_scribe_close(). */
QsScribe qs_scribe_open (QsScribe *self, guint length_bytes, const QsFieldText *text);
QsScribe qs_scribe_open_length (QsScribe *self, gsize length, const QsFieldText *text);

/* A vector of nothing but bytes or text: heading, length and content in one. */
QsSpan qs_scribe_vector (QsScribe *self, guint length_bytes, const QsFieldText *text);

/* Whether there is another item to read, and room for it. */
gboolean qs_scribe_more (const QsScribe *self);

/* Accounts for bytes that are left: malformed, too many, or not shown for want of room. */
void qs_scribe_close (QsScribe *self);

/* "83 94 c8 f0", cut after 48 bytes. Owned by the caller. */
char *qs_scribe_hex (QsSpan bytes);

G_END_DECLS
