/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-inspector.h"

#include "app/widgets/qs-byte-view.h"
#include "app/widgets/qs-copy.h"
#include "app/widgets/qs-field-tree.h"
#include "base/qs-i18n.h"

/* By QsFieldSpace. */
#define N_SPACES 3

struct _QsInspector {
  GtkBox parent;
  GtkStack *stack;
  QsFieldTree *fields;
  QsByteView *bytes;
  GtkToggleButton *wire, *payload, *message; /* which bytes */
  GtkLabel *size, *meaning, *reference;
  GtkWidget *copy_value, *copy_hex;

  QsInspection *inspection;
  QsTrace *trace;
  QsPacket shown; /* as it was */
  guint packet;
  QsFieldSpace space;
  guint message_part; /* whose message is shown */
  gboolean changing;
};

G_DEFINE_FINAL_TYPE (QsInspector, qs_inspector, GTK_TYPE_BOX)

static GtkToggleButton *
get_tab (QsInspector *self, QsFieldSpace space)
{
  GtkToggleButton *const tabs[N_SPACES] = { self->wire, self->payload, self->message };

  return tabs[space];
}

/* --- Bytes -------------------------------------------------------------------------------------- */

static void
show_space (QsInspector *self, QsFieldSpace space)
{
  GBytes *bytes =
      self->inspection != NULL ? qs_inspection_get_bytes (self->inspection, self->message_part, space) : NULL;
  gsize length = bytes != NULL ? g_bytes_get_size (bytes) : 0;
  gboolean wire = space == QS_FIELD_IN_DATAGRAM && self->inspection != NULL;
  g_autofree char *size = bytes != NULL
                              ? g_strdup_printf (ngettext ("%'lu byte", "%'lu bytes", (gulong) length), (gulong) length)
                              : g_strdup (_ ("There are no such bytes."));

  self->space = space;
  qs_byte_view_set_bytes (self->bytes, bytes, wire ? self->inspection->wire_offset : 0,
                          wire ? self->inspection->wire_length : length);
  gtk_label_set_text (self->size, size);
  self->changing = TRUE;
  gtk_toggle_button_set_active (get_tab (self, space), TRUE);
  self->changing = FALSE;
}

/* The first message that the packet completed. */
static guint
find_message_part (const QsInspection *inspection)
{
  for (guint i = 0; inspection != NULL && i < inspection->parts->len; i++)
    if (((QsInspectionPart *) g_ptr_array_index (inspection->parts, i))->bytes != NULL)
      return i;
  return G_MAXUINT;
}

static void
show_tabs (QsInspector *self)
{
  for (guint space = 0; space < N_SPACES; space++)
    {
      GBytes *bytes = self->inspection != NULL
                          ? qs_inspection_get_bytes (self->inspection, self->message_part, (QsFieldSpace) space)
                          : NULL;
      gtk_widget_set_sensitive (GTK_WIDGET (get_tab (self, (QsFieldSpace) space)), bytes != NULL);
    }
}

static void
tab_cb (QsInspector *self, GtkToggleButton *tab)
{
  if (self->changing || !gtk_toggle_button_get_active (tab))
    return;
  for (guint space = 0; space < N_SPACES; space++)
    if (get_tab (self, (QsFieldSpace) space) == tab)
      show_space (self, (QsFieldSpace) space);

  guint part;
  const QsField *field = qs_field_tree_get_selected (self->fields, &part);
  if (field != NULL && field->space == self->space)
    qs_byte_view_set_marked (self->bytes, field->offset, field->length);
}

/* --- Fields --------------------------------------------------------------------------------------- */

static void
show_meaning (QsInspector *self, const QsField *field)
{
  g_autofree char *text = NULL;

  if (field != NULL)
    {
      /* A frame's one line begins with its name already. */
      gboolean repeated = g_str_has_prefix (field->value, field->name);
      text = g_strdup_printf ("%s%s%s%s%s", repeated ? "" : field->name, repeated || *field->value == '\0' ? "" : ": ",
                              field->value, field->meaning != NULL ? "\n" : "",
                              field->meaning != NULL ? field->meaning : "");
    }
  gtk_label_set_text (self->meaning, text != NULL ? text : _ ("Select a field to read what it means."));
  gtk_label_set_text (self->reference, field != NULL && field->reference != NULL ? field->reference : "");
  gtk_widget_set_sensitive (self->copy_value, field != NULL && *field->value != '\0');
  gtk_widget_set_sensitive (self->copy_hex, field != NULL && field->length > 0);
}

static void
fields_selected_cb (QsInspector *self)
{
  guint part = G_MAXUINT;
  const QsField *field = qs_field_tree_get_selected (self->fields, &part);

  show_meaning (self, field);
  if (field == NULL || self->inspection == NULL)
    {
      qs_byte_view_set_marked (self->bytes, 0, 0);
      return;
    }
  if (((QsInspectionPart *) g_ptr_array_index (self->inspection->parts, part))->bytes != NULL)
    self->message_part = part;
  /* What has no bytes of its own changes nothing of what is seen. */
  if (field->length > 0 && qs_inspection_get_bytes (self->inspection, part, field->space) != NULL)
    show_space (self, field->space);
  qs_byte_view_set_marked (self->bytes, field->offset, field->space == self->space ? field->length : 0);
}

static void
byte_activated_cb (QsInspector *self, guint offset)
{
  guint part;

  if (self->inspection == NULL)
    return;
  g_autoptr (GArray) path = qs_inspection_find (self->inspection, self->space, self->message_part, offset, &part);
  if (path != NULL)
    qs_field_tree_select (self->fields, part, path);
}

/* --- Copying -------------------------------------------------------------------------------------- */

static void
copy_value_cb (QsInspector *self)
{
  guint part;
  const QsField *field = qs_field_tree_get_selected (self->fields, &part);

  if (field != NULL)
    qs_copy_text (GTK_WIDGET (self), field->value);
}

static void
copy_hex_cb (QsInspector *self)
{
  guint part;
  const QsField *field = qs_field_tree_get_selected (self->fields, &part);
  GBytes *bytes = field != NULL ? qs_inspection_get_bytes (self->inspection, part, field->space) : NULL;
  gsize length = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  if (field == NULL || field->offset >= length)
    return;
  g_autofree char *hex = qs_span_to_hex (QS_SPAN (data + field->offset, MIN (field->length, length - field->offset)));
  qs_copy_text (GTK_WIDGET (self), hex);
}

static gboolean
key_press_cb (QsInspector *self, GdkEventKey *event)
{
  guint modifiers = event->state & gtk_accelerator_get_default_mod_mask ();

  if (gdk_keyval_to_lower (event->keyval) != GDK_KEY_c)
    return GDK_EVENT_PROPAGATE;
  if (modifiers == GDK_CONTROL_MASK)
    copy_value_cb (self);
  else if (modifiers == (GDK_CONTROL_MASK | GDK_SHIFT_MASK))
    copy_hex_cb (self);
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

/* --- Overrides ------------------------------------------------------------------------------------ */

static void
qs_inspector_dispose (GObject *object)
{
  QsInspector *self = QS_INSPECTOR (object);

  g_clear_object (&self->trace);
  G_OBJECT_CLASS (qs_inspector_parent_class)->dispose (object);
}

static void
qs_inspector_finalize (GObject *object)
{
  g_clear_pointer (&QS_INSPECTOR (object)->inspection, qs_inspection_free);
  G_OBJECT_CLASS (qs_inspector_parent_class)->finalize (object);
}

static void
qs_inspector_class_init (QsInspectorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_inspector_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_inspector_finalize;

  g_type_ensure (QS_TYPE_BYTE_VIEW);
  g_type_ensure (QS_TYPE_FIELD_TREE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-inspector.ui");
  gtk_widget_class_bind_template_child (widget_class, QsInspector, stack);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, fields);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, bytes);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, wire);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, payload);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, message);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, size);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, meaning);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, reference);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, copy_value);
  gtk_widget_class_bind_template_child (widget_class, QsInspector, copy_hex);
  gtk_widget_class_bind_template_callback (widget_class, fields_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, byte_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, tab_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_value_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_hex_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_press_cb);
}

static void
qs_inspector_init (QsInspector *self)
{
  self->packet = self->message_part = G_MAXUINT;
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
qs_inspector_new (void)
{
  return g_object_new (QS_TYPE_INSPECTOR, "visible", TRUE, NULL);
}

/* Whether what is shown is what would be shown: a packet acknowledged later differs by a row. Messages that come later
 * belong to the packets that complete them. */
static gboolean
is_shown (QsInspector *self, QsTrace *trace, guint packet)
{
  if (trace != self->trace || packet != self->packet || self->inspection == NULL || trace == NULL)
    return FALSE;

  const QsPacket *now = qs_trace_get_packet (trace, packet);
  return now->flags == self->shown.flags && now->frames == self->shown.frames && now->number == self->shown.number;
}

void
qs_inspector_show (QsInspector *self, QsTrace *trace, guint packet)
{
  g_return_if_fail (QS_IS_INSPECTOR (self) && (trace == NULL || QS_IS_TRACE (trace)));

  if (is_shown (self, trace, packet))
    return;

  g_autoptr (QsInspection) before = g_steal_pointer (&self->inspection);
  g_set_object (&self->trace, trace);
  self->packet = packet;
  if (trace != NULL)
    {
      self->inspection = qs_inspection_new (trace, packet);
      self->shown = *qs_trace_get_packet (trace, packet);
    }
  self->message_part = find_message_part (self->inspection);
  show_tabs (self);
  show_space (self, QS_FIELD_IN_DATAGRAM);
  if (self->inspection != NULL && self->inspection->wire == NULL && self->inspection->payload != NULL)
    show_space (self, QS_FIELD_IN_PAYLOAD);
  qs_field_tree_set_inspection (self->fields, self->inspection);
  gtk_stack_set_visible_child_name (self->stack, trace != NULL ? "packet" : "none");
}
