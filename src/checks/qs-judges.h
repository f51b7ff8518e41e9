/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The judges that the tables name. */
#pragma once

#include "checks/qs-check.h"

G_BEGIN_DECLS

#define QS_JUDGE_STRAYS 8u /* packets of no connection, one after the other */

/* qs-judges-refusal.c: what must not be gone on with. */
void qs_judge_refused (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_refused_datagram (const QsCheck *check, const QsSight *sight,
                                QsJudgement *judgement); /* not where it was agreed on */
void qs_judge_refused_early (const QsCheck *check, const QsSight *sight,
                             QsJudgement *judgement); /* in 0-RTT, where that is accepted */
void qs_judge_http3 (const QsCheck *check, const QsSight *sight,
                     QsJudgement *judgement); /* an error of the connection */
void qs_judge_malformed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement); /* a request */

/* qs-judges-address.c: versions and the address's validation. */
void qs_judge_versions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_old_versions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_no_versions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_long_ids (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_version_2 (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_fixed_bit (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_amplification (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_no_hello (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_discarded (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_full_initials (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_round_trips (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_ids (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_retry_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_new_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_stray (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);

/* qs-judges-course.c: what must be gone on with, and what an ordinary run shows. */
void qs_judge_goes_on (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_completes (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_alive (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_answers (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_key_update (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_rebind (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_certificate (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_group (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_parameters (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_uni_streams (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_bidi_streams (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_extensions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tickets (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_resumption (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_early_data (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_spare_ids (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);

/* qs-judges-packets.c: what single packets show. */
void qs_judge_retry (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_many_initials (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_stray_packet (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_ack_of_ack (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_ack_delay (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_ecn (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_spin (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_sizes (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_repeats (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_new_path (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_draining (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_close_detail (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_idle (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_reset_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_old_keys (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_settings (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_huge_section (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_priority (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);

/* qs-judges-offers.c: what is spoken, and what is offered. */
void qs_judge_short_id (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_version_move (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_retry_request (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_protocols (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_other_name (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_compressed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_ech (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_ticket_twice (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_certificate_request (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_preferred_address (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_id_limit (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_udp (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_browsers (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_lossy (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);

/* qs-judges-tcp.c: TLS over TCP. */
void qs_judge_tcp_reach (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_version (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_old_version (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_weak_suite (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_group (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_hsts (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_redirect (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_resumption (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_early_data (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_alpn (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_alt_svc (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_same (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_tcp_ocsp (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
/* qs-judges-names.c: what the DNS says of the name. */
void qs_judge_https_records (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_https_agree (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
/* A field of the answer over TCP, NULL: there is none; the judgement says why where there was no answer. */
const char *qs_sight_find_field (const QsSight *sight, const char *name, gboolean *answered, QsJudgement *judgement);
/* Whether there was a connection at all. FALSE: the judgement says why not. */
gboolean qs_judge_tcp_is_connected (const QsSight *sight, QsJudgement *judgement);

/* qs-judges-client.c: of clients. */
void qs_judge_client_abandons (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_retry (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_retry_ignored (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_full_initials (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_first_id (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_hello (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_alpn (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_parameters (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_handshake (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_certificate (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_initial (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_fixed_bit (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_response (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_full_response (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_retires (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_leaves (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_uni_stream (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);

/* qs-judges-client-http3.c: where the client speaks HTTP/3. */
void qs_judge_client_http3 (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_push (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_malformed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
void qs_judge_client_tolerates (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);

/* Whether EncryptedExtensions accept 0-RTT; packet (out): which one says so. */
gboolean qs_sight_accepts_early_data (const QsSight *sight, guint *packet);

/* For the judges. text is taken. */
void qs_judgement_set (QsJudgement *judgement, QsCheckVerdict verdict, char *text);
void qs_judgement_show (QsJudgement *judgement, guint packet); /* G_MAXUINT: nothing */
/* Whether a close bears a code that the check names, or one that stands for any. application: of which kind it is to be. */
gboolean qs_check_takes_code (const QsCheck *check, gboolean application, guint64 code);
/* TRUE: the act never came about, and the judgement says why. */
gboolean qs_judge_is_untested (const QsSight *sight, QsJudgement *judgement);
/* What had to go on did not: closed, reset or fallen silent. */
void qs_judge_lost (const QsCheck *check, const QsSight *sight, QsJudgement *judgement);
/* A fail, or what the check's flags make of it. */
QsCheckVerdict qs_check_fail (const QsCheck *check);
/* "CONNECTION_CLOSE CRYPTO_ERROR …": the server's close in words. Owned by the caller. */
char *qs_sight_dup_close (const QsSight *sight);

G_END_DECLS
