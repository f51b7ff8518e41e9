/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-security-page.h"

#include "app/widgets/qs-certificate-row.h"
#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-facts-grid.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-saved-strip.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "certs/qs-certificate.h"
#include "formats/qs-file-writer.h"
#include "wire/qs-describe.h"
#include "wire/qs-names.h"

struct _QsSecurityPage {
  QsPage parent;
  GtkStack *stack;
  GtkImage *verify_icon;
  GtkLabel *verify, *error;
  QsFactsGrid *facts, *parameters;
  GtkWidget *chain_heading, *parameters_heading;
  GtkListBox *chain;
  char *shown; /* which chain is shown: its fingerprints */
};

G_DEFINE_FINAL_TYPE (QsSecurityPage, qs_security_page, QS_TYPE_PAGE)

static void
show_error (QsSecurityPage *self, const char *message)
{
  gtk_label_set_text (self->error, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), message != NULL);
}

/* --- Exporting -------------------------------------------------------------------------- */

static void
save_pem (QsSecurityPage *self, const char *pem, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file_name = qs_text_to_file_name (name);
  g_autofree char *suggested = g_strconcat (file_name, ".pem", NULL);
  g_autofree char *path = qs_file_dialog_save (GTK_WIDGET (self), _ ("Export as PEM"), suggested);

  if (path == NULL)
    return;
  if (qs_file_write (path, 0666, pem, strlen (pem), &error))
    qs_saved_tell (GTK_WIDGET (self), path);
  show_error (self, error != NULL ? error->message : NULL);
}

static void
export_one_cb (QsSecurityPage *self, QsCertificateRow *row)
{
  QsCertificate *certificate = qs_certificate_row_get_certificate (row);
  g_autofree char *pem = qs_certificate_to_pem (certificate);

  save_pem (self, pem, qs_certificate_get_common_name (certificate));
}

static void
export_all_cb (QsSecurityPage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  if (run == NULL || qs_run_get_summary (run)->chain->len == 0)
    return;

  GPtrArray *chain = qs_run_get_summary (run)->chain;
  g_autoptr (GString) pem = g_string_new (NULL);
  for (guint i = 0; i < chain->len; i++)
    {
      g_autofree char *one = qs_certificate_to_pem (g_ptr_array_index (chain, i));
      g_string_append (pem, one);
    }
  g_autofree char *name = g_strconcat (qs_certificate_get_common_name (g_ptr_array_index (chain, 0)), "-chain", NULL);
  save_pem (self, pem->str, name);
}

/* --- Showing ---------------------------------------------------------------------------- */

/* Why nothing was verified. */
static const char *
unverified_words (QsRun *run, const QsSummary *summary)
{
  if (qs_run_get_probe (run) == NULL && summary->chain->len > 0)
    return _ ("Whether this certificate was trusted, a file does not tell. Judge by what is below.");
  if (qs_run_get_probe (run) == NULL)
    return _ ("This file holds no certificate that can be read.");
  return qs_run_is_active (run) ? _ ("No certificate has come yet.")
                                : _ ("The handshake ended before a certificate was verified. Overview says why.");
}

static void
show_verify (QsSecurityPage *self, QsRun *run, const QsSummary *summary)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->verify_icon));
  const char *icon_name = "dialog-question-symbolic", *css_class = "qs-neutral";

  if (summary->verify_code == 0 && !summary->chain_in_doubt)
    icon_name = "security-high-symbolic", css_class = "qs-ok";
  else if (summary->verify_code >= 0)
    icon_name = "dialog-error-symbolic", css_class = "qs-error";
  gtk_style_context_remove_class (style, "qs-neutral");
  gtk_style_context_remove_class (style, "qs-ok");
  gtk_style_context_remove_class (style, "qs-error");
  gtk_style_context_add_class (style, css_class);
  gtk_image_set_from_icon_name (self->verify_icon, icon_name, GTK_ICON_SIZE_DND);
  gtk_label_set_text (self->verify,
                      summary->verify_message != NULL ? summary->verify_message : unverified_words (run, summary));
}

/* OpenSSL's lists have no spaces, and so no place to wrap. */
static char *
list_words (QsTrace *trace, const char *fact)
{
  const char *list = qs_trace_get_fact (trace, fact);
  if (list == NULL)
    return NULL;

  g_auto (GStrv) parts = g_strsplit_set (list, ",:", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    g_strstrip (parts[i]);
  return g_strjoinv (", ", parts);
}

/* What was offered, as its ClientHello says: where nobody noted it, as in a file. */
static const QsTlsMessage *
find_client_hello (QsTrace *trace)
{
  for (guint i = 0; i < qs_trace_get_n_messages (trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);

      if (message->message != NULL && message->message->type == QS_TLS_CLIENT_HELLO)
        return message->message;
    }
  return NULL;
}

static char *
name_words (GArray *numbers, const char *(*name_of) (guint16 number))
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; numbers != NULL && i < numbers->len; i++)
    {
      const char *name = name_of (g_array_index (numbers, guint16, i));
      if (name != NULL)
        g_ptr_array_add (names, (char *) name);
    }
  g_ptr_array_add (names, NULL);
  return names->len > 1 ? g_strjoinv (", ", (char **) names->pdata) : NULL;
}

static char *
offered_protocols (QsTrace *trace, const QsTlsMessage *hello)
{
  g_auto (GStrv) protocols = hello != NULL ? qs_tls_message_dup_alpn (hello) : NULL;

  return protocols != NULL ? g_strjoinv (", ", protocols) : list_words (trace, "offer.alpn");
}

static char *
offered_groups (QsTrace *trace, const QsTlsMessage *hello)
{
  g_autoptr (GArray) groups = hello != NULL ? qs_tls_message_dup_groups (hello) : NULL;

  return groups != NULL ? name_words (groups, qs_tls_group_name) : list_words (trace, "offer.groups");
}

static char *
offered_ciphersuites (QsTrace *trace, const QsTlsMessage *hello)
{
  return hello != NULL ? name_words (hello->cipher_suites, qs_tls_cipher_suite_name)
                       : list_words (trace, "offer.ciphersuites");
}

static void
show_facts (QsSecurityPage *self, QsRun *run, const QsSummary *summary)
{
  QsTrace *trace = qs_run_get_trace (run);
  const QsTlsMessage *hello = find_client_hello (trace);
  g_autofree char *alpn = offered_protocols (trace, hello);
  g_autofree char *groups = offered_groups (trace, hello);
  g_autofree char *ciphersuites = offered_ciphersuites (trace, hello);
  const QsFact facts[] = {
    { _ ("Version"), summary->tls_version },
    { _ ("Cipher suite"), summary->cipher },
    { _ ("Key exchange group"), summary->group },
    { _ ("Signature"), summary->signature },
    { _ ("Application protocol"), summary->alpn },
    { _ ("Server name sent"), summary->sni },
    { _ ("Session"), summary->resumed < 0 ? NULL
                     : summary->resumed   ? _ ("resumed")
                                          : _ ("new") },
    { _ ("Offered protocols"), alpn },
    { _ ("Offered groups"), groups },
    { _ ("Offered cipher suites"), ciphersuites },
  };

  qs_facts_grid_set_facts (self->facts, facts, G_N_ELEMENTS (facts));
}

/* Which certificates, and what is told of them: both may change while a run goes on. */
static char *
fingerprints (const QsSummary *summary)
{
  GString *all = g_string_new (NULL);

  for (guint i = 0; i < summary->chain->len; i++)
    {
      GPtrArray *notes = g_ptr_array_index (summary->chain_notes, i);
      g_string_append (all, qs_certificate_get_sha256 (g_ptr_array_index (summary->chain, i)));
      for (guint n = 0; n < notes->len; n++)
        {
          const QsCertificateSection *section = g_ptr_array_index (notes, n);
          for (guint f = 0; f < section->fields->len; f++)
            g_string_append (all, ((const QsCertificateField *) g_ptr_array_index (section->fields, f))->value);
        }
    }
  return g_string_free (all, FALSE);
}

static const char *
role_of (QsCertificate *certificate, guint position)
{
  if (position == 0)
    return _ ("the server's own");
  return qs_certificate_is_self_signed (certificate) ? _ ("root authority") : _ ("intermediate authority");
}

static void
show_chain (QsSecurityPage *self, const QsSummary *summary)
{
  GPtrArray *chain = summary->chain;
  g_autofree char *all = fingerprints (summary);

  if (g_strcmp0 (all, self->shown) == 0)
    return;
  g_free (self->shown);
  self->shown = g_steal_pointer (&all);
  gtk_container_foreach (GTK_CONTAINER (self->chain), (GtkCallback) (void (*) (void)) gtk_widget_destroy, NULL);
  for (guint i = 0; i < chain->len; i++)
    {
      QsCertificate *certificate = g_ptr_array_index (chain, i);
      GtkWidget *row =
          qs_certificate_row_new (certificate, role_of (certificate, i), g_ptr_array_index (summary->chain_notes, i));
      g_signal_connect_object (row, "export", G_CALLBACK (export_one_cb), self, G_CONNECT_SWAPPED);
      gtk_container_add (GTK_CONTAINER (self->chain), row);
    }
  gtk_widget_set_visible (self->chain_heading, chain->len > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->chain), chain->len > 0);
}

static void
show_parameters (QsSecurityPage *self, GBytes *bytes)
{
  gtk_widget_set_visible (self->parameters_heading, bytes != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->parameters), bytes != NULL);
  if (bytes == NULL)
    return;

  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (QsField) field = qs_describe_transport_parameters (QS_SPAN (data, size), QS_FIELD_IN_MESSAGE, 0);
  guint n = field != NULL && field->children != NULL ? field->children->len : 0;
  g_autofree QsFact *facts = g_new0 (QsFact, n + 1);
  for (guint i = 0; i < n; i++)
    {
      const QsField *child = g_ptr_array_index (field->children, i);
      facts[i] = (QsFact){ child->name, child->value };
    }
  qs_facts_grid_set_facts (self->parameters, facts, n);
}

static void
qs_security_page_run_changed (QsPage *page, QsRun *run)
{
  QsSecurityPage *self = QS_SECURITY_PAGE (page);

  show_error (self, NULL);
  gtk_stack_set_visible_child_name (self->stack, run != NULL ? "content" : "empty");
}

static void
qs_security_page_update (QsPage *page, QsRun *run)
{
  QsSecurityPage *self = QS_SECURITY_PAGE (page);
  const QsSummary *summary = qs_run_get_summary (run);

  show_verify (self, run, summary);
  show_facts (self, run, summary);
  show_chain (self, summary);
  show_parameters (self, summary->peer_transport_parameters);
}

static void
qs_security_page_finalize (GObject *object)
{
  g_free (QS_SECURITY_PAGE (object)->shown);
  G_OBJECT_CLASS (qs_security_page_parent_class)->finalize (object);
}

static GtkWidget *
qs_security_page_get_content (QsPage *page)
{
  return GTK_WIDGET (QS_SECURITY_PAGE (page)->chain);
}

static void
qs_security_page_class_init (QsSecurityPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = qs_security_page_finalize;
  QS_PAGE_CLASS (klass)->run_changed = qs_security_page_run_changed;
  QS_PAGE_CLASS (klass)->update = qs_security_page_update;
  QS_PAGE_CLASS (klass)->get_content = qs_security_page_get_content;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_FACTS_GRID);
  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-security-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, verify_icon);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, verify);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, error);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, facts);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, parameters);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, chain_heading);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, parameters_heading);
  gtk_widget_class_bind_template_child (widget_class, QsSecurityPage, chain);
  gtk_widget_class_bind_template_callback (widget_class, export_all_cb);
}

static void
qs_security_page_init (QsSecurityPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
