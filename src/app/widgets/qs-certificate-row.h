/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "certs/qs-certificate.h"

G_BEGIN_DECLS

/**
 * QsCertificateRow: a certificate of a chain: its name, what it is, until when; all its sections when it is
 * opened (they are made then, and not before).
 *
 * Signals: "export" (): a person wants this one as PEM.
 */
#define QS_TYPE_CERTIFICATE_ROW (qs_certificate_row_get_type ())
G_DECLARE_FINAL_TYPE (QsCertificateRow, qs_certificate_row, QS, CERTIFICATE_ROW, GtkListBoxRow)

/* role: translated: "The server's certificate". notes: array of QsCertificateSection to be shown ahead of its own; what warns
 * in them is seen without opening the row. */
GtkWidget *qs_certificate_row_new (QsCertificate *certificate, const char *role, GPtrArray *notes);
QsCertificate *qs_certificate_row_get_certificate (QsCertificateRow *self);
void qs_certificate_row_set_expanded (QsCertificateRow *self, gboolean expanded);

G_END_DECLS
