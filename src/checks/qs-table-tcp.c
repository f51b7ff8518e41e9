/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of TLS over TCP: on the same port as QUIC, for comparison, or of a target of its own. */
#include "checks/qs-check-tables.h"

#define TLS_1_0 0x0301
#define TLS_1_1 0x0302
#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

/* What TLS 1.2 has that lacks forward secrecy, or that authenticates behind encrypting (RFC 9325 section 4). Static RSA and the CBC
 * suites; nothing without encryption or a certificate, which no server is asked for in earnest. */
#define WEAK_SUITES                                                                                            \
  "ALL:!ECDHE+AESGCM:!DHE+AESGCM:!ECDHE+CHACHA20:!DHE+CHACHA20:!ECDHE+AESCCM:!DHE+AESCCM:!ECDHE+AESCCM8:!DHE+" \
  "AESCCM8:!ECDHE+ARIAGCM:!DHE+ARIAGCM:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0"

const QsTcpPlan qs_ordinary_plan = { .request = TRUE };
static const QsTcpPlan newest = { .least = TLS_1_3, .most = TLS_1_3 };
static const QsTcpPlan second_newest = { .least = TLS_1_2, .most = TLS_1_2 };
static const QsTcpPlan old = { .least = TLS_1_0, .most = TLS_1_1, .ciphers = "ALL:@SECLEVEL=0" };
static const QsTcpPlan weak = { .least = TLS_1_2, .most = TLS_1_2, .ciphers = WEAK_SUITES };
static const QsTcpPlan hybrid = { .least = TLS_1_3, .most = TLS_1_3, .groups = "X25519MLKEM768" };
static const QsTcpPlan http2 = { .alpn = "h2" };
static const QsTcpPlan resumed = { .request = TRUE, .again = TRUE };
static const QsTcpPlan plain = { .plain = TRUE };
static const QsTcpPlan named = { .request = TRUE, .records = TRUE };

#define TCP(number, words, section, of, bits, most, way, how)                                            \
  {                                                                                                      \
    .id = (number), .category = QS_CATEGORY_TCP, .mark = (of), .title = (words), .reference = (section), \
    .flags = (bits), .cap = (most), .judge = (how), .plan = &(way)                                       \
  }
#define SECURITY QS_MARK_OF_SECURITY
#define REACH QS_MARK_OF_REACH

const QsCheck qs_checks_tcp[] = {
  TCP ("S0", N_ ("A handshake of TLS over TCP comes to its end"), "RFC 9846 section 2", REACH, 0, QS_GRADE_F,
       qs_ordinary_plan, qs_judge_tcp_reach),
  TCP ("D3", N_ ("Answers over TCP lead to h3 on this port (Alt-Svc)"), "RFC 9114 section 3.1.1", REACH,
       QS_CHECK_SHOULD | QS_CHECK_BESIDE, QS_GRADE_NONE, qs_ordinary_plan, qs_judge_tcp_alt_svc),
  TCP ("D4", N_ ("HTTPS records of the DNS name h3 and the right addresses"), "RFC 9460 section 9", REACH,
       QS_CHECK_BESIDE | QS_CHECK_ALONE, QS_GRADE_A_MINUS, named, qs_judge_https_records),
  TCP ("D5", N_ ("HTTPS records and Alt-Svc agree"), "RFC 9460 section 9.3", REACH, QS_CHECK_SHOULD | QS_CHECK_BESIDE,
       QS_GRADE_NONE, named, qs_judge_https_agree),
  TCP ("D6", N_ ("The certificate is the same over QUIC and TCP"), "RFC 9114 section 3.3", REACH,
       QS_CHECK_SHOULD | QS_CHECK_BESIDE, QS_GRADE_NONE, qs_ordinary_plan, qs_judge_tcp_same),
  TCP ("S1", N_ ("TLS 1.3 over TCP"), "RFC 9325 section 3.1.1", SECURITY, QS_CHECK_SHOULD, QS_GRADE_A_MINUS, newest,
       qs_judge_tcp_version),
  TCP ("S1b", N_ ("TLS 1.2 over TCP"), "RFC 9325 section 3.1.1", SECURITY, QS_CHECK_MAY, QS_GRADE_NONE, second_newest,
       qs_judge_tcp_version),
  TCP ("S2", N_ ("TLS 1.0 and 1.1 are refused"), "RFC 8996 section 4", SECURITY, 0, QS_GRADE_B, old,
       qs_judge_tcp_old_version),
  TCP ("S3", N_ ("TLS 1.2 only with forward secrecy and authenticated encryption"), "RFC 9325 section 4.1", SECURITY,
       QS_CHECK_SHOULD, QS_GRADE_NONE, weak, qs_judge_tcp_weak_suite),
  TCP ("S4", N_ ("Key exchange that is safe from quantum computers over TCP: X25519MLKEM768"),
       "draft-ietf-tls-ecdhe-mlkem", SECURITY, QS_CHECK_SHOULD, QS_GRADE_NONE, hybrid, qs_judge_tcp_group),
  TCP ("S5", N_ ("Browsers are told to come over TLS alone (Strict-Transport-Security)"), "RFC 6797 section 6.1",
       SECURITY, QS_CHECK_SHOULD, QS_GRADE_NONE, qs_ordinary_plan, qs_judge_tcp_hsts),
  TCP ("S6", N_ ("Plain HTTP leads to https"), "RFC 6797 section 7.2", SECURITY, QS_CHECK_SHOULD, QS_GRADE_NONE, plain,
       qs_judge_tcp_redirect),
  TCP ("S7", N_ ("Resumption over TCP"), "RFC 9846 section 2.2", REACH, 0, QS_GRADE_NONE, resumed,
       qs_judge_tcp_resumption),
  TCP ("S8", N_ ("0-RTT over TCP"), "RFC 9846 section 2.3", REACH, 0, QS_GRADE_NONE, resumed, qs_judge_tcp_early_data),
  TCP ("S9", N_ ("HTTP/2 over TCP"), "RFC 9113 section 3.2", REACH, 0, QS_GRADE_NONE, http2, qs_judge_tcp_alpn),
  TCP ("S10", N_ ("An OCSP answer is stapled"), "RFC 6066 section 8", SECURITY, 0, QS_GRADE_NONE, qs_ordinary_plan,
       qs_judge_tcp_ocsp),
  TCP ("S11", N_ ("The certificate over TCP leads to a trusted authority and names the server"), "RFC 5280 section 6",
       SECURITY, 0, QS_GRADE_T, qs_ordinary_plan, qs_judge_certificate),
};
const guint qs_n_checks_tcp = G_N_ELEMENTS (qs_checks_tcp);
