/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

G_BEGIN_DECLS

/**
 * QsTransportParameter:
 *
 * One transport parameter as it stood on the wire (RFC 9000 section 18).
 */
typedef struct {
  guint64 id;
  QsSpan value;
  guint32 offset; /* of its id, within the extension's bytes */
  guint32 length; /* id, length and value */
} QsTransportParameter;

typedef enum {
  QS_TP_INTEGER,  /* a variable-length integer */
  QS_TP_BYTES,    /* a connection id or token: shown in hex */
  QS_TP_FLAG,     /* present or not, empty value */
  QS_TP_ADDRESS,  /* preferred_address */
  QS_TP_VERSIONS, /* version_information, RFC 9368 */
  QS_TP_OPAQUE,   /* unknown or greased */
} QsTransportParameterKind;

/* A row of the registry's table. */
typedef struct {
  guint64 id;
  const char *name; /* "initial_max_data"; the JSON's key too */
  QsTransportParameterKind kind;
  gint64 default_value;  /* for integers; -1: no default */
  const char *unit;      /* "ms", "bytes", "streams" or NULL */
  const char *meaning;   /* N_(): a sentence */
  const char *reference; /* "RFC 9000 section 18.2" */
} QsTransportParameterInfo;

/* The row of an id, NULL when not registered here. */
const QsTransportParameterInfo *qs_transport_parameter_info (guint64 id);
const QsTransportParameterInfo *qs_transport_parameter_infos (guint *n_infos);
gboolean qs_transport_parameter_is_greased (guint64 id); /* 31 * N + 27, and not registered */

/* Whether these bytes are laid out as until the 26th draft: a length of all, then id, length and value, two bytes each. */
gboolean qs_transport_parameters_are_old (QsSpan bytes);

/* Splits the extension's bytes. Returns a GArray of QsTransportParameter that points into bytes,
 * or NULL with QS_ERROR_TRUNCATED / QS_ERROR_PARSE (also for a duplicate). */
GArray *qs_transport_parameters_parse (QsSpan bytes, GError **error);

/* The reverse. Ids and lengths take as few bytes as they can. */
void qs_transport_parameters_write (GByteArray *out, const GArray *parameters);
void qs_transport_parameter_write (GByteArray *out, guint64 id, QsSpan value);
void qs_transport_parameter_write_integer (GByteArray *out, guint64 id, guint64 value);

/* "65536 bytes", "a1b2…", "present", "127.0.0.1:443 …": the value for a person. Owned. */
char *qs_transport_parameter_format (const QsTransportParameter *parameter);
/* An integer parameter's value; FALSE when it is none or malformed. */
gboolean qs_transport_parameter_get_integer (const QsTransportParameter *parameter, guint64 *value);

G_END_DECLS
