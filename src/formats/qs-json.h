/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsJsonText:
 *
 * One JSON text (RFC 8259), parsed in place to a flat list of tokens: a qlog is a million small ones, and to make a tree of
 * nodes of each, as json-glib does, takes most of the time that opening it may take. Used again and again.
 */
typedef struct _QsJsonText QsJsonText;

/* A value in a text; valid until that is used again. Any question may be asked of any value, also of one that is not there. */
typedef struct {
  const QsJsonText *text;
  guint token; /* G_MAXUINT: not there */
} QsJson;

#define QS_JSON_NONE ((QsJson){ NULL, G_MAXUINT })

QsJsonText *qs_json_text_new (void);
/* json: NUL-terminated, and changed: strings are unescaped where they stand. It must outlive the values. FALSE with QS_ERROR_PARSE. Nesting
 * is bounded to 64. */
gboolean qs_json_text_parse (QsJsonText *self, char *json, gsize length, GError **error);
QsJson qs_json_text_get_root (const QsJsonText *self);
void qs_json_text_free (QsJsonText *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsJsonText, qs_json_text_free)

gboolean qs_json_is_there (QsJson value);
gboolean qs_json_is_object (QsJson value);
gboolean qs_json_is_array (QsJson value);
/* The elements of an array, or none: for (e = qs_json_first (a); qs_json_is_there (e); e = qs_json_next (a, e)). */
QsJson qs_json_first (QsJson array);
QsJson qs_json_next (QsJson array, QsJson element);
guint qs_json_count (QsJson array);

QsJson qs_json_get (QsJson object, const char *name);
/* The members of an object, in order: *at starts as 0. */
gboolean qs_json_next_member (QsJson object, guint *at, const char **name, QsJson *value);
const char *qs_json_string (QsJson value); /* NULL when it is none */
const char *qs_json_get_string (QsJson object, const char *name);
gboolean qs_json_get_bool (QsJson object, const char *name);
/* A number that is not negative, or a string of decimal digits, or of hex digits after 0x. */
gboolean qs_json_uint (QsJson value, guint64 *number);
gboolean qs_json_get_uint (QsJson object, const char *name, guint64 *number);
/* Also a string that is a number. Always finite. */
gboolean qs_json_double (QsJson value, double *number);
gboolean qs_json_get_double (QsJson object, const char *name, double *number);

G_END_DECLS
