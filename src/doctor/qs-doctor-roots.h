/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "doctor/qs-doctor-facts.h"

G_BEGIN_DECLS

/* What a verification came to. */
typedef struct {
  int code;           /* X509_V_ERR_*, -1: not known */
  gboolean given;     /* other CAs were given in place of the system's */
  gboolean untrusted; /* its chain ends in nobody who is trusted */
  gboolean broken;    /* its chain was not followed to an end */
  GBytes *root;       /* DER of the last certificate of the chain that was built; NULL: none */
} QsRootFacts;

/* Who vouches for it: looks into the system's store, and into the folders where a machine's owner puts CAs. Reads files: for a
 * thread. */
QsRootKind qs_doctor_classify_root (const QsRootFacts *facts);

G_END_DECLS
