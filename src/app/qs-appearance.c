/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-appearance.h"

#define PORTAL_NAME "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define PORTAL_INTERFACE "org.freedesktop.portal.Settings"
#define NAMESPACE "org.freedesktop.appearance"
#define KEY "color-scheme"

/* The portal's values. */
enum { NO_PREFERENCE, PREFER_DARK, PREFER_LIGHT };

struct _QsAppearance {
  GObject parent;
  char *scheme;
  gboolean gtk_dark; /* what GTK said before we touched it */
  guint32 portal;
  GCancellable *cancellable;
  GDBusConnection *bus;
  guint subscription;
};

G_DEFINE_FINAL_TYPE (QsAppearance, qs_appearance, G_TYPE_OBJECT)

static gboolean
wants_dark (QsAppearance *self)
{
  if (g_str_equal (self->scheme, "dark"))
    return TRUE;
  if (g_str_equal (self->scheme, "light"))
    return FALSE;
  return self->portal == NO_PREFERENCE ? self->gtk_dark : self->portal == PREFER_DARK;
}

static void
apply (QsAppearance *self)
{
  g_object_set (gtk_settings_get_default (), "gtk-application-prefer-dark-theme", wants_dark (self), NULL);
}

/* Old portals wrap the value twice. */
static void
take_value (QsAppearance *self, GVariant *value)
{
  g_autoptr (GVariant) inner = g_variant_ref (value);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
    {
      GVariant *next = g_variant_get_variant (inner);
      g_variant_unref (inner);
      inner = next;
    }
  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_UINT32))
    self->portal = g_variant_get_uint32 (inner);
  apply (self);
}

static void
changed_cb (GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *signal,
            GVariant *parameters, gpointer data)
{
  const char *space, *key;
  g_autoptr (GVariant) value = NULL;

  g_variant_get (parameters, "(&s&sv)", &space, &key, &value);
  if (g_str_equal (space, NAMESPACE) && g_str_equal (key, KEY))
    take_value (data, value);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GVariant) value = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || reply == NULL)
    return;
  g_variant_get (reply, "(v)", &value);
  take_value (data, value);
}

static void
bus_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, NULL);
  if (bus == NULL)
    return;

  QsAppearance *self = data;
  self->bus = g_steal_pointer (&bus);
  self->subscription =
      g_dbus_connection_signal_subscribe (self->bus, PORTAL_NAME, PORTAL_INTERFACE, "SettingChanged", PORTAL_PATH,
                                          NAMESPACE, G_DBUS_SIGNAL_FLAGS_NONE, changed_cb, self, NULL);
  g_dbus_connection_call (self->bus, PORTAL_NAME, PORTAL_PATH, PORTAL_INTERFACE, "Read",
                          g_variant_new ("(ss)", NAMESPACE, KEY), G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NONE, 1000,
                          self->cancellable, read_cb, self);
}

static void
qs_appearance_dispose (GObject *object)
{
  QsAppearance *self = QS_APPEARANCE (object);

  g_cancellable_cancel (self->cancellable);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  self->subscription = 0;
  g_clear_object (&self->bus);
  G_OBJECT_CLASS (qs_appearance_parent_class)->dispose (object);
}

static void
qs_appearance_finalize (GObject *object)
{
  QsAppearance *self = QS_APPEARANCE (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->scheme, g_free);
  G_OBJECT_CLASS (qs_appearance_parent_class)->finalize (object);
}

static void
qs_appearance_class_init (QsAppearanceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_appearance_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_appearance_finalize;
}

static void
qs_appearance_init (QsAppearance *self)
{
  self->scheme = g_strdup ("system");
  self->cancellable = g_cancellable_new ();
  g_object_get (gtk_settings_get_default (), "gtk-application-prefer-dark-theme", &self->gtk_dark, NULL);
}

QsAppearance *
qs_appearance_new (void)
{
  QsAppearance *self = g_object_new (QS_TYPE_APPEARANCE, NULL);

  /* A cancelled call still calls back, after we are gone: bus_cb then gets no bus and touches nothing. */
  g_bus_get (G_BUS_TYPE_SESSION, self->cancellable, bus_cb, self);
  return self;
}

void
qs_appearance_set_scheme (QsAppearance *self, const char *scheme)
{
  g_return_if_fail (QS_IS_APPEARANCE (self) && scheme != NULL);

  g_free (self->scheme);
  self->scheme = g_strdup (scheme);
  apply (self);
}

gboolean
qs_appearance_is_dark (QsAppearance *self)
{
  g_return_val_if_fail (QS_IS_APPEARANCE (self), FALSE);

  return wants_dark (self);
}
