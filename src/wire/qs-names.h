/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Names from the registries (IANA's TLS, QUIC, HTTP/3 and qlog's). Each is a const table; a value
 * that is not in it gives NULL unless said otherwise. Names are the registry's, not translated. */

const char *qs_tls_handshake_type_name (guint8 type);      /* "client_hello" */
const char *qs_tls_extension_name (guint16 type);          /* "server_name"; "GREASE" for those */
const char *qs_tls_version_name (guint16 version);         /* "TLS 1.3" */
const char *qs_tls_cipher_suite_name (guint16 suite);      /* "TLS_AES_128_GCM_SHA256" */
const char *qs_tls_group_name (guint16 group);             /* "x25519", "X25519MLKEM768" */
const char *qs_tls_signature_scheme_name (guint16 scheme); /* "ecdsa_secp256r1_sha256" */
const char *qs_tls_alert_name (guint8 alert);              /* "no_application_protocol" */
const char *qs_tls_alert_meaning (guint8 alert);           /* a translated sentence */
gboolean qs_tls_is_grease (guint16 value);                 /* RFC 8701 */

const char *qs_quic_transport_error_name (guint64 code);    /* "FLOW_CONTROL_ERROR"; "CRYPTO_ERROR" for 0x100-0x1ff */
const char *qs_quic_transport_error_meaning (guint64 code); /* a translated sentence */
const char *qs_http3_error_name (guint64 code);             /* "H3_NO_ERROR" */
const char *qs_http3_error_meaning (guint64 code);

/* "CRYPTO_ERROR 0x178 (no_application_protocol)", "H3_NO_ERROR (0x100)", "0x1234": a close code in
 * full. application: from a frame of type 0x1d; alpn: the protocol that gives codes their names,
 * may be NULL. Owned by the caller. */
char *qs_close_code_describe (gboolean application, guint64 code, const char *alpn);

G_END_DECLS
