/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-name-table.h"
#include "wire/qs-names.h"
#include "wire/qs-tls.h"

/* IANA's "TLS HandshakeType" registry. */
static const QsName handshake_types[] = {
  { 0, "hello_request" },
  { 1, "client_hello" },
  { 2, "server_hello" },
  { 3, "hello_verify_request" },
  { 4, "new_session_ticket" },
  { 5, "end_of_early_data" },
  { 6, "hello_retry_request" },
  { 8, "encrypted_extensions" },
  { 9, "request_connection_id" },
  { 10, "new_connection_id" },
  { 11, "certificate" },
  { 12, "server_key_exchange" },
  { 13, "certificate_request" },
  { 14, "server_hello_done" },
  { 15, "certificate_verify" },
  { 16, "client_key_exchange" },
  { 17, "client_certificate_request" },
  { 20, "finished" },
  { 21, "certificate_url" },
  { 22, "certificate_status" },
  { 23, "supplemental_data" },
  { 24, "key_update" },
  { 25, "compressed_certificate" },
  { 26, "ekt_key" },
  { 254, "message_hash" },
};

/* IANA's "TLS ExtensionType Values" registry, and those that are met without being in it. */
static const QsName extensions[] = {
  { 0, "server_name" },
  { 1, "max_fragment_length" },
  { 2, "client_certificate_url" },
  { 3, "trusted_ca_keys" },
  { 4, "truncated_hmac" },
  { 5, "status_request" },
  { 6, "user_mapping" },
  { 7, "client_authz" },
  { 8, "server_authz" },
  { 9, "cert_type" },
  { 10, "supported_groups" },
  { 11, "ec_point_formats" },
  { 12, "srp" },
  { 13, "signature_algorithms" },
  { 14, "use_srtp" },
  { 15, "heartbeat" },
  { 16, "application_layer_protocol_negotiation" },
  { 17, "status_request_v2" },
  { 18, "signed_certificate_timestamp" },
  { 19, "client_certificate_type" },
  { 20, "server_certificate_type" },
  { 21, "padding" },
  { 22, "encrypt_then_mac" },
  { 23, "extended_main_secret" },
  { 24, "token_binding" },
  { 25, "cached_info" },
  { 26, "tls_lts" },
  { 27, "compress_certificate" },
  { 28, "record_size_limit" },
  { 29, "pwd_protect" },
  { 30, "pwd_clear" },
  { 31, "password_salt" },
  { 32, "ticket_pinning" },
  { 33, "tls_cert_with_extern_psk" },
  { 34, "delegated_credential" },
  { 35, "session_ticket" },
  { 36, "TLMSP" },
  { 37, "TLMSP_proxying" },
  { 38, "TLMSP_delegate" },
  { 39, "supported_ekt_ciphers" },
  { 40, "key_share (drafts)" },
  { 41, "pre_shared_key" },
  { 42, "early_data" },
  { 43, "supported_versions" },
  { 44, "cookie" },
  { 45, "psk_key_exchange_modes" },
  { 47, "certificate_authorities" },
  { 48, "oid_filters" },
  { 49, "post_handshake_auth" },
  { 50, "signature_algorithms_cert" },
  { 51, "key_share" },
  { 52, "transparency_info" },
  { 53, "connection_id" },
  { 54, "connection_id" },
  { 55, "external_id_hash" },
  { 56, "external_session_id" },
  { 57, "quic_transport_parameters" },
  { 58, "ticket_request" },
  { 59, "dnssec_chain" },
  { 60, "sequence_number_encryption_algorithms" },
  { 61, "rrc" },
  { 62, "tls_flags" },
  { 13172, "next_protocol_negotiation" },
  { 17513, "application_settings (old)" },
  { 17613, "application_settings" },
  { 30032, "channel_id" },
  { 0xca34, "trust_anchors" },
  { 64768, "ech_outer_extensions" },
  { 65037, "encrypted_client_hello" },
  { 65281, "renegotiation_info" },
  { 65445, "quic_transport_parameters (drafts)" },
};

static const QsName versions[] = {
  { 0x0002, "SSL 2.0" },
  { 0x0300, "SSL 3.0" },
  { 0x0301, "TLS 1.0" },
  { 0x0302, "TLS 1.1" },
  { 0x0303, "TLS 1.2" },
  { 0x0304, "TLS 1.3" },
  /* What was met of Facebook's: its own numbers, for drafts. */
  { 0x7e01, "TLS 1.3 draft (Facebook)" },
  { 0x7e02, "TLS 1.3 draft-22 (Facebook)" },
  { 0x7f01, "TLS 1.3 draft-01" },
  { 0x7f02, "TLS 1.3 draft-02" },
  { 0x7f03, "TLS 1.3 draft-03" },
  { 0x7f04, "TLS 1.3 draft-04" },
  { 0x7f05, "TLS 1.3 draft-05" },
  { 0x7f06, "TLS 1.3 draft-06" },
  { 0x7f07, "TLS 1.3 draft-07" },
  { 0x7f08, "TLS 1.3 draft-08" },
  { 0x7f09, "TLS 1.3 draft-09" },
  { 0x7f0a, "TLS 1.3 draft-10" },
  { 0x7f0b, "TLS 1.3 draft-11" },
  { 0x7f0c, "TLS 1.3 draft-12" },
  { 0x7f0d, "TLS 1.3 draft-13" },
  { 0x7f0e, "TLS 1.3 draft-14" },
  { 0x7f0f, "TLS 1.3 draft-15" },
  { 0x7f10, "TLS 1.3 draft-16" },
  { 0x7f11, "TLS 1.3 draft-17" },
  { 0x7f12, "TLS 1.3 draft-18" },
  { 0x7f13, "TLS 1.3 draft-19" },
  { 0x7f14, "TLS 1.3 draft-20" },
  { 0x7f15, "TLS 1.3 draft-21" },
  { 0x7f16, "TLS 1.3 draft-22" },
  { 0x7f17, "TLS 1.3 draft-23" },
  { 0x7f18, "TLS 1.3 draft-24" },
  { 0x7f19, "TLS 1.3 draft-25" },
  { 0x7f1a, "TLS 1.3 draft-26" },
  { 0x7f1b, "TLS 1.3 draft-27" },
  { 0x7f1c, "TLS 1.3 draft-28" },
  { 0xfb17, "TLS 1.3 draft-23 (Facebook)" },
  { 0xfb1a, "TLS 1.3 draft-26 (Facebook)" },
  { 0xfefc, "DTLS 1.3" },
  { 0xfefd, "DTLS 1.2" },
  { 0xfeff, "DTLS 1.0" },
};

/* IANA's "TLS Supported Groups" registry; those with ML-KEM are hybrids that a quantum computer does
 * not break. */
static const QsName groups[] = {
  { 1, "sect163k1" },
  { 2, "sect163r1" },
  { 3, "sect163r2" },
  { 4, "sect193r1" },
  { 5, "sect193r2" },
  { 6, "sect233k1" },
  { 7, "sect233r1" },
  { 8, "sect239k1" },
  { 9, "sect283k1" },
  { 10, "sect283r1" },
  { 11, "sect409k1" },
  { 12, "sect409r1" },
  { 13, "sect571k1" },
  { 14, "sect571r1" },
  { 15, "secp160k1" },
  { 16, "secp160r1" },
  { 17, "secp160r2" },
  { 18, "secp192k1" },
  { 19, "secp192r1" },
  { 20, "secp224k1" },
  { 21, "secp224r1" },
  { 22, "secp256k1" },
  { 23, "secp256r1" },
  { 24, "secp384r1" },
  { 25, "secp521r1" },
  { 26, "brainpoolP256r1" },
  { 27, "brainpoolP384r1" },
  { 28, "brainpoolP512r1" },
  { 29, "x25519" },
  { 30, "x448" },
  { 31, "brainpoolP256r1tls13" },
  { 32, "brainpoolP384r1tls13" },
  { 33, "brainpoolP512r1tls13" },
  { 34, "GC256A" },
  { 35, "GC256B" },
  { 36, "GC256C" },
  { 37, "GC256D" },
  { 38, "GC512A" },
  { 39, "GC512B" },
  { 40, "GC512C" },
  { 41, "curveSM2" },
  { 256, "ffdhe2048" },
  { 257, "ffdhe3072" },
  { 258, "ffdhe4096" },
  { 259, "ffdhe6144" },
  { 260, "ffdhe8192" },
  { 512, "MLKEM512" },
  { 513, "MLKEM768" },
  { 514, "MLKEM1024" },
  { 4585, "SecP256r1MLKEM512" },
  { 4586, "MLKEM512X25519" },
  { 4587, "SecP256r1MLKEM768" },
  { 4588, "X25519MLKEM768" },
  { 4589, "SecP384r1MLKEM1024" },
  { 4590, "curveSM2MLKEM768" },
  { 25497, "X25519Kyber768Draft00" },
  { 25498, "SecP256r1Kyber768Draft00" },
  { 65281, "arbitrary_explicit_prime_curves" },
  { 65282, "arbitrary_explicit_char2_curves" },
};

/* IANA's "TLS SignatureScheme" registry. The names of 0x0202 and the like are TLS 1.2's pairs of hash
 * and signature algorithm. */
static const QsName signature_schemes[] = {
  { 0x0101, "rsa_pkcs1_md5" },
  { 0x0201, "rsa_pkcs1_sha1" },
  { 0x0202, "dsa_sha1" },
  { 0x0203, "ecdsa_sha1" },
  { 0x0301, "rsa_pkcs1_sha224" },
  { 0x0302, "dsa_sha224" },
  { 0x0303, "ecdsa_sha224" },
  { 0x0401, "rsa_pkcs1_sha256" },
  { 0x0402, "dsa_sha256" },
  { 0x0403, "ecdsa_secp256r1_sha256" },
  { 0x0420, "rsa_pkcs1_sha256_legacy" },
  { 0x0501, "rsa_pkcs1_sha384" },
  { 0x0502, "dsa_sha384" },
  { 0x0503, "ecdsa_secp384r1_sha384" },
  { 0x0520, "rsa_pkcs1_sha384_legacy" },
  { 0x0601, "rsa_pkcs1_sha512" },
  { 0x0602, "dsa_sha512" },
  { 0x0603, "ecdsa_secp521r1_sha512" },
  { 0x0620, "rsa_pkcs1_sha512_legacy" },
  { 0x0704, "eccsi_sha256" },
  { 0x0705, "iso_ibs1" },
  { 0x0706, "iso_ibs2" },
  { 0x0707, "iso_chinese_ibs" },
  { 0x0708, "sm2sig_sm3" },
  { 0x0709, "gostr34102012_256a" },
  { 0x070a, "gostr34102012_256b" },
  { 0x070b, "gostr34102012_256c" },
  { 0x070c, "gostr34102012_256d" },
  { 0x070d, "gostr34102012_512a" },
  { 0x070e, "gostr34102012_512b" },
  { 0x070f, "gostr34102012_512c" },
  { 0x0804, "rsa_pss_rsae_sha256" },
  { 0x0805, "rsa_pss_rsae_sha384" },
  { 0x0806, "rsa_pss_rsae_sha512" },
  { 0x0807, "ed25519" },
  { 0x0808, "ed448" },
  { 0x0809, "rsa_pss_pss_sha256" },
  { 0x080a, "rsa_pss_pss_sha384" },
  { 0x080b, "rsa_pss_pss_sha512" },
  { 0x081a, "ecdsa_brainpoolP256r1tls13_sha256" },
  { 0x081b, "ecdsa_brainpoolP384r1tls13_sha384" },
  { 0x081c, "ecdsa_brainpoolP512r1tls13_sha512" },
  { 0x0904, "mldsa44" },
  { 0x0905, "mldsa65" },
  { 0x0906, "mldsa87" },
  { 0x0911, "slhdsa_sha2_128s" },
  { 0x0912, "slhdsa_sha2_128f" },
  { 0x0913, "slhdsa_sha2_192s" },
  { 0x0914, "slhdsa_sha2_192f" },
  { 0x0915, "slhdsa_sha2_256s" },
  { 0x0916, "slhdsa_sha2_256f" },
  { 0x0917, "slhdsa_shake_128s" },
  { 0x0918, "slhdsa_shake_128f" },
  { 0x0919, "slhdsa_shake_192s" },
  { 0x091a, "slhdsa_shake_192f" },
  { 0x091b, "slhdsa_shake_256s" },
  { 0x091c, "slhdsa_shake_256f" },
};

gboolean
qs_tls_is_grease (guint16 value)
{
  return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

const char *
qs_tls_handshake_type_name (guint8 type)
{
  return QS_NAME_LOOKUP (handshake_types, type);
}

const char *
qs_tls_extension_name (guint16 type)
{
  return qs_tls_is_grease (type) ? "GREASE" : QS_NAME_LOOKUP (extensions, type);
}

guint
qs_tls_version_draft (guint16 version)
{
  const guint draft = version & 0xff;

  if (version == 0x7e02)
    return 22;
  return (version >> 8 == 0x7f || version >> 8 == 0xfb) && draft >= 1 && draft <= 28 ? draft : 0;
}

gboolean
qs_tls_version_is_13 (guint16 version)
{
  return version == 0x0304 || qs_tls_version_draft (version) != 0;
}

const char *
qs_tls_version_name (guint16 version)
{
  if (qs_tls_is_grease (version))
    return "GREASE";
  return QS_NAME_LOOKUP (versions, version);
}

const char *
qs_tls_group_name (guint16 group)
{
  return qs_tls_is_grease (group) ? "GREASE" : QS_NAME_LOOKUP (groups, group);
}

const char *
qs_tls_signature_scheme_name (guint16 scheme)
{
  return qs_tls_is_grease (scheme) ? "GREASE" : QS_NAME_LOOKUP (signature_schemes, scheme);
}
