/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * QsSettings:
 *
 * What the program remembers between starts: GSettings where its schema can be found, else a key file
 * in the user's configuration folder, so that a bare build tree and a broken installation work alike.
 */
#define QS_TYPE_SETTINGS (qs_settings_get_type ())
G_DECLARE_FINAL_TYPE (QsSettings, qs_settings, QS, SETTINGS, GObject)

/* file: the key file to use without a schema; NULL: the user's own. */
QsSettings *qs_settings_new (const char *file);
/* The same, never asking for the schema. */
QsSettings *qs_settings_new_for_file (const char *file);
gboolean qs_settings_uses_schema (QsSettings *self);

/* Keys are the schema's; without it, one that was never set gives its default as named here. */
char **qs_settings_dup_targets (QsSettings *self); /* newest first */
void qs_settings_set_targets (QsSettings *self, const char *const *targets);
int qs_settings_get_int (QsSettings *self, const char *key, int fallback);
void qs_settings_set_int (QsSettings *self, const char *key, int value);
gboolean qs_settings_get_boolean (QsSettings *self, const char *key, gboolean fallback);
void qs_settings_set_boolean (QsSettings *self, const char *key, gboolean value);
char *qs_settings_dup_string (QsSettings *self, const char *key, const char *fallback);
void qs_settings_set_string (QsSettings *self, const char *key, const char *value);

G_END_DECLS
