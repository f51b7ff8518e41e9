/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-settings.h"

#include <glib/gstdio.h>

#include "base/qs-file.h"
#include "qs-config.h"

#define MAX_FILE (4 * 1024 * 1024)
#define GROUP "Quicscope"

struct _QsSettings {
  GObject parent;
  GSettings *settings; /* NULL: the key file serves */
  GKeyFile *file;
  char *path;
};

G_DEFINE_FINAL_TYPE (QsSettings, qs_settings, G_TYPE_OBJECT)

/* g_settings_new() aborts the program where the schema is missing: look first. */
static GSettings *
settings_where_installed (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  if (source == NULL)
    return NULL;

  g_autoptr (GSettingsSchema) schema = g_settings_schema_source_lookup (source, APPLICATION_ID, TRUE);
  return schema != NULL ? g_settings_new_full (schema, NULL, NULL) : NULL;
}

static void
save (QsSettings *self)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (folder, 0700);
  if (!g_key_file_save_to_file (self->file, self->path, &error))
    g_debug ("Settings are not kept: %s", error->message);
}

static void
qs_settings_finalize (GObject *object)
{
  QsSettings *self = QS_SETTINGS (object);

  g_clear_object (&self->settings);
  g_clear_pointer (&self->file, g_key_file_unref);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (qs_settings_parent_class)->finalize (object);
}

static void
qs_settings_class_init (QsSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_settings_finalize;
}

static void
qs_settings_init (QsSettings *self)
{
}

static void
use_file (QsSettings *self, const char *file)
{
  self->path =
      file != NULL ? g_strdup (file) : g_build_filename (g_get_user_config_dir (), "quicscope", "settings.ini", NULL);
  self->file = g_key_file_new ();

  g_autoptr (GBytes) bytes = qs_file_load (self->path, MAX_FILE, NULL);
  if (bytes != NULL)
    g_key_file_load_from_bytes (self->file, bytes, G_KEY_FILE_KEEP_COMMENTS, NULL);
}

QsSettings *
qs_settings_new (const char *file)
{
  QsSettings *self = g_object_new (QS_TYPE_SETTINGS, NULL);

  self->settings = settings_where_installed ();
  if (self->settings == NULL)
    use_file (self, file);
  return self;
}

QsSettings *
qs_settings_new_for_file (const char *file)
{
  QsSettings *self = g_object_new (QS_TYPE_SETTINGS, NULL);

  use_file (self, file);
  return self;
}

gboolean
qs_settings_uses_schema (QsSettings *self)
{
  g_return_val_if_fail (QS_IS_SETTINGS (self), FALSE);

  return self->settings != NULL;
}

char **
qs_settings_dup_targets (QsSettings *self)
{
  g_return_val_if_fail (QS_IS_SETTINGS (self), NULL);

  if (self->settings != NULL)
    return g_settings_get_strv (self->settings, "targets");

  char **targets = g_key_file_get_string_list (self->file, GROUP, "targets", NULL, NULL);
  return targets != NULL ? targets : g_new0 (char *, 1);
}

void
qs_settings_set_targets (QsSettings *self, const char *const *targets)
{
  g_return_if_fail (QS_IS_SETTINGS (self) && targets != NULL);

  if (self->settings != NULL)
    {
      g_settings_set_strv (self->settings, "targets", targets);
      return;
    }
  g_key_file_set_string_list (self->file, GROUP, "targets", targets, g_strv_length ((char **) targets));
  save (self);
}

int
qs_settings_get_int (QsSettings *self, const char *key, int fallback)
{
  g_return_val_if_fail (QS_IS_SETTINGS (self), fallback);

  if (self->settings != NULL)
    return g_settings_get_int (self->settings, key);
  return g_key_file_has_key (self->file, GROUP, key, NULL) ? g_key_file_get_integer (self->file, GROUP, key, NULL)
                                                           : fallback;
}

void
qs_settings_set_int (QsSettings *self, const char *key, int value)
{
  g_return_if_fail (QS_IS_SETTINGS (self));

  if (self->settings != NULL)
    {
      g_settings_set_int (self->settings, key, value);
      return;
    }
  g_key_file_set_integer (self->file, GROUP, key, value);
  save (self);
}

gboolean
qs_settings_get_boolean (QsSettings *self, const char *key, gboolean fallback)
{
  g_return_val_if_fail (QS_IS_SETTINGS (self), fallback);

  if (self->settings != NULL)
    return g_settings_get_boolean (self->settings, key);
  return g_key_file_has_key (self->file, GROUP, key, NULL) ? g_key_file_get_boolean (self->file, GROUP, key, NULL)
                                                           : fallback;
}

void
qs_settings_set_boolean (QsSettings *self, const char *key, gboolean value)
{
  g_return_if_fail (QS_IS_SETTINGS (self));

  if (self->settings != NULL)
    {
      g_settings_set_boolean (self->settings, key, value);
      return;
    }
  if (g_key_file_has_key (self->file, GROUP, key, NULL) && qs_settings_get_boolean (self, key, value) == value)
    return;
  g_key_file_set_boolean (self->file, GROUP, key, value);
  save (self);
}

char *
qs_settings_dup_string (QsSettings *self, const char *key, const char *fallback)
{
  g_return_val_if_fail (QS_IS_SETTINGS (self), NULL);

  if (self->settings != NULL)
    return g_settings_get_string (self->settings, key);
  char *value = g_key_file_get_string (self->file, GROUP, key, NULL);
  return value != NULL ? value : g_strdup (fallback);
}

void
qs_settings_set_string (QsSettings *self, const char *key, const char *value)
{
  g_return_if_fail (QS_IS_SETTINGS (self));

  if (self->settings != NULL)
    {
      g_settings_set_string (self->settings, key, value);
      return;
    }
  g_autofree char *old = qs_settings_dup_string (self, key, NULL);
  if (g_strcmp0 (old, value) == 0)
    return;
  g_key_file_set_string (self->file, GROUP, key, value);
  save (self);
}
