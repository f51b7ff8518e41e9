/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-session.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsDoctorDialog: why browsers do not use HTTP/3 with a site: asks it, and shows what came of it: a line a browser, the
 * causes with what to do, the conditions. Closing it ends what is under way. Its runs can be had in the side bar.
 */
#define QS_TYPE_DOCTOR_DIALOG (qs_doctor_dialog_get_type ())
G_DECLARE_FINAL_TYPE (QsDoctorDialog, qs_doctor_dialog, QS, DOCTOR_DIALOG, GtkDialog)

/* Whether a run is of a site that can be asked so: of our own, and not one that is QUIC or TLS alone. */
gboolean qs_doctor_dialog_fits (QsRun *run);
/* Of the site that this run asked, with its options. */
void qs_doctor_dialog_show (GtkWindow *parent, QsSession *session, QsRun *run);

G_END_DECLS
