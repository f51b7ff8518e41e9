/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-page.h"

typedef struct {
  QsSession *session;
  QsRun *run;          /* the one listened to */
  gboolean run_is_new; /* run_changed is due */
  gboolean changed;    /* update is due */
  gpointer stand_in;   /* what has the focus until the content is there; not held, only compared */
} QsPagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (QsPage, qs_page, GTK_TYPE_BIN)

static void
deliver (QsPage *self)
{
  QsPagePrivate *priv = qs_page_get_instance_private (self);
  QsPageClass *klass = QS_PAGE_GET_CLASS (self);

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (priv->run_is_new)
    {
      priv->run_is_new = FALSE;
      if (klass->run_changed != NULL)
        klass->run_changed (self, priv->run);
    }
  if (priv->changed)
    {
      priv->changed = FALSE;
      if (klass->update != NULL && priv->run != NULL)
        klass->update (self, priv->run);
    }
}

static void
run_changed_cb (QsPage *self)
{
  QsPagePrivate *priv = qs_page_get_instance_private (self);

  priv->changed = TRUE;
  deliver (self);
}

static void
set_run (QsPage *self, QsRun *run)
{
  QsPagePrivate *priv = qs_page_get_instance_private (self);

  if (priv->run != NULL)
    g_signal_handlers_disconnect_by_func (priv->run, run_changed_cb, self);
  g_set_object (&priv->run, run);
  if (run != NULL)
    g_signal_connect_swapped (run, "changed", G_CALLBACK (run_changed_cb), self);
  priv->run_is_new = priv->changed = TRUE;
}

static void
session_run_cb (QsPage *self, GParamSpec *pspec, QsSession *session)
{
  set_run (self, qs_session_get_run (session));
  deliver (self);
}

static void
qs_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (qs_page_parent_class)->map (widget);
  deliver (QS_PAGE (widget));
}

static void
qs_page_dispose (GObject *object)
{
  QsPage *self = QS_PAGE (object);
  QsPagePrivate *priv = qs_page_get_instance_private (self);

  if (priv->session != NULL)
    {
      set_run (self, NULL);
      g_signal_handlers_disconnect_by_func (priv->session, session_run_cb, self);
      g_clear_object (&priv->session);
    }
  G_OBJECT_CLASS (qs_page_parent_class)->dispose (object);
}

static void
qs_page_class_init (QsPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_page_dispose;
  GTK_WIDGET_CLASS (klass)->map = qs_page_map;
}

static void
qs_page_init (QsPage *self)
{
}

void
qs_page_set_session (QsPage *self, QsSession *session)
{
  g_return_if_fail (QS_IS_PAGE (self) && QS_IS_SESSION (session));

  QsPagePrivate *priv = qs_page_get_instance_private (self);
  g_return_if_fail (priv->session == NULL);

  priv->session = g_object_ref (session);
  if (QS_PAGE_GET_CLASS (self)->session_set != NULL)
    QS_PAGE_GET_CLASS (self)->session_set (self, session);
  g_signal_connect_swapped (session, "notify::run", G_CALLBACK (session_run_cb), self);
  set_run (self, qs_session_get_run (session));
  deliver (self);
}

QsSession *
qs_page_get_session (QsPage *self)
{
  g_return_val_if_fail (QS_IS_PAGE (self), NULL);

  QsPagePrivate *priv = qs_page_get_instance_private (self);
  return priv->session;
}

QsRun *
qs_page_get_run (QsPage *self)
{
  g_return_val_if_fail (QS_IS_PAGE (self), NULL);

  QsPagePrivate *priv = qs_page_get_instance_private (self);
  return priv->run;
}

static gboolean
take_focus (GtkWidget *widget)
{
  if (!gtk_widget_get_can_focus (widget))
    return gtk_widget_child_focus (widget, GTK_DIR_TAB_FORWARD);
  gtk_widget_grab_focus (widget);
  return TRUE;
}

static GtkWidget *
get_focus (QsPage *self)
{
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));

  return GTK_IS_WINDOW (window) ? gtk_window_get_focus (GTK_WINDOW (window)) : NULL;
}

/* Packets are dissected a bit later, and a pane maps its child when it is allocated: who waited for it gets it then. */
static void
content_map_cb (GtkWidget *content, QsPage *self)
{
  QsPagePrivate *priv = qs_page_get_instance_private (self);
  GtkWidget *focus = get_focus (self);

  g_signal_handlers_disconnect_by_func (content, content_map_cb, self);
  if (focus == NULL || focus == priv->stand_in)
    take_focus (content);
}

gboolean
qs_page_focus_content (QsPage *self)
{
  g_return_val_if_fail (QS_IS_PAGE (self), FALSE);

  QsPagePrivate *priv = qs_page_get_instance_private (self);
  QsPageClass *klass = QS_PAGE_GET_CLASS (self);
  GtkWidget *content = klass->get_content != NULL ? klass->get_content (self) : NULL;

  if (content != NULL)
    g_signal_handlers_disconnect_by_func (content, content_map_cb, self);
  if (content != NULL && gtk_widget_get_mapped (content) && take_focus (content))
    return TRUE;
  /* Where it was would make this one go on from there. */
  gtk_container_set_focus_child (GTK_CONTAINER (self), NULL);
  gboolean found = gtk_widget_child_focus (GTK_WIDGET (self), GTK_DIR_TAB_FORWARD);
  priv->stand_in = get_focus (self);
  if (content != NULL)
    g_signal_connect_object (content, "map", G_CALLBACK (content_map_cb), self, G_CONNECT_AFTER);
  return found;
}

GtkWidget *
qs_page_get_filter (QsPage *self)
{
  g_return_val_if_fail (QS_IS_PAGE (self), NULL);

  QsPageClass *klass = QS_PAGE_GET_CLASS (self);
  GtkWidget *filter = klass->get_filter != NULL ? klass->get_filter (self) : NULL;

  return filter != NULL && gtk_widget_get_mapped (filter) ? filter : NULL;
}
