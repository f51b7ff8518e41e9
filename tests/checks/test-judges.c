/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every judge, by what may be seen in a run: what passes, what warns, what fails, and what is nobody's fault. */
#include "checks/qs-client-checks.h"
#include "checks/qs-examination.h"
#include "checks/qs-judges.h"
#include "net/qs-https-lookup.h"
#include "wire/qs-transport-parameters.h"

#define NONE G_MAXUINT

typedef struct {
  const char *name;
  const char *id; /* of the check */
  QsSight sight;
  QsCheckVerdict verdict;
} Case;

/* Records and packets that are 0 were not seen: see judge(). */
#define SEEN .act = 1
#define UNSEEN .act = 0
#define CLIENT SEEN, .of_client = TRUE
#define CLOSED(code) .closed = TRUE, .close_code = (code)
#define APP_CLOSED(code) .closed = TRUE, .closed_by_application = TRUE, .close_code = (code)
#define ANSWERED(number) .streams = { { .status = 200 }, { .status = (number) } }
#define OWN_RESET(code) .streams = { { .reset = TRUE, .reset_code = (code) } }
#define OWN_ANSWER(number) .streams = { { .status = (number) } }
#define USUALLY(usual, number) .streams = { { .status = (usual) }, { .status = (number) } }
#define RESET(code) .streams = { { .status = 200 }, { .reset = TRUE, .reset_code = (code) } }

static const Case cases[] = {
  /* What must be refused. */
  { "refused", "F4", { SEEN, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "refused-otherwise", "F1", { SEEN, CLOSED (0x05) }, QS_CHECK_WARN },
  { "refused-generic", "F1", { SEEN, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "refused-internal", "F1", { SEEN, CLOSED (0x01) }, QS_CHECK_PASS },
  { "refused-right", "F1", { SEEN, CLOSED (0x03) }, QS_CHECK_PASS },
  { "refused-second-code", "F19", { SEEN, CLOSED (0x04) }, QS_CHECK_PASS },
  { "refused-by-application", "F1", { SEEN, APP_CLOSED (0x03) }, QS_CHECK_WARN },
  { "goes-on", "F4", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "passed-over", "F4", { SEEN, .after_acked = TRUE }, QS_CHECK_WARN },
  { "silent", "F4", { SEEN, .act_acked = TRUE }, QS_CHECK_WARN },
  { "unreadable", "F4", { SEEN, .n_unreadable = 1 }, QS_CHECK_WARN },
  { "silent-at-once", "F4", { SEEN }, QS_CHECK_WARN },
  { "reset", "F4", { SEEN, .reset = TRUE }, QS_CHECK_WARN },
  { "not-reached", "F4", { UNSEEN }, QS_CHECK_NOT_TESTED },
  { "not-reached-closed", "F4", { UNSEEN, .closed = TRUE, .closed_early = TRUE }, QS_CHECK_NOT_TESTED },
  { "should", "F22", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_WARN },
  { "crypto-may-be-dropped", "F25", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_PASS },
  { "alert", "T6", { SEEN, CLOSED (0x178) }, QS_CHECK_PASS },
  { "alert-generic", "T6", { SEEN, CLOSED (0x128) }, QS_CHECK_PASS },
  { "alert-other", "T6", { SEEN, CLOSED (0x12f) }, QS_CHECK_WARN },
  { "handshake-failure-is-no-code-of-frames", "F1", { SEEN, CLOSED (0x128) }, QS_CHECK_WARN },
  { "parameter", "P14", { SEEN, CLOSED (0x08) }, QS_CHECK_PASS },
  { "parameter-taken", "P14", { SEEN, .act_acked = TRUE, .after_acked = TRUE, .confirmed = TRUE }, QS_CHECK_FAIL },
  { "unasked-response", "F28", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_INFO },
  { "unasked-response-closed", "F28", { SEEN, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "early-crypto", "T23b", { SEEN, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "early-crypto-dropped", "T23b", { SEEN, .after_acked = TRUE }, QS_CHECK_NOT_TESTED },
  { "session-id", "T14", { SEEN, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "session-id-taken", "T14", { SEEN, .hello = TRUE, .hello_after_act = 2 }, QS_CHECK_WARN },
  { "no-ticket", "T20", { UNSEEN, .confirmed = TRUE }, QS_CHECK_INFO },
  { "ticket-ends-it", "T20", { SEEN, CLOSED (0x0a) }, QS_CHECK_FAIL },
  { "no-ticket-for-0rtt", "T21", { UNSEEN, .confirmed = TRUE }, QS_CHECK_INFO },
  { "datagram", "F29", { SEEN, CLOSED (0x0a) }, QS_CHECK_PASS },

  /* HTTP/3. */
  { "http3", "H16", { SEEN, APP_CLOSED (0x105) }, QS_CHECK_PASS },
  { "http3-generic", "H16", { SEEN, APP_CLOSED (0x101) }, QS_CHECK_PASS },
  { "http3-other", "H16", { SEEN, APP_CLOSED (0x10a) }, QS_CHECK_WARN },
  { "http3-as-transport", "H16", { SEEN, CLOSED (0x105) }, QS_CHECK_WARN },
  { "http3-goes-on", "H16", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "http3-ends-stream", "H1", { SEEN, .act_acked = TRUE, .after_acked = TRUE, OWN_RESET (0x105) }, QS_CHECK_WARN },
  { "http3-ends-stream-contested",
    "H27",
    { SEEN, .act_acked = TRUE, .after_acked = TRUE, OWN_RESET (0x107) },
    QS_CHECK_CONTESTED },
  { "may", "H22", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_INFO },
  { "may-close-otherwise", "H22", { SEEN, APP_CLOSED (0x106) }, QS_CHECK_INFO },
  { "contested", "H27", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_CONTESTED },
  { "contested-other-code", "H27", { SEEN, APP_CLOSED (0x10a) }, QS_CHECK_CONTESTED },
  { "malformed-400", "H7", { SEEN, ANSWERED (400) }, QS_CHECK_PASS },
  { "malformed-404", "H7", { SEEN, ANSWERED (404) }, QS_CHECK_PASS },
  { "malformed-404-as-usual", "H7", { SEEN, USUALLY (404, 404) }, QS_CHECK_NOT_TESTED },
  { "malformed-400-as-usual", "H7", { SEEN, USUALLY (400, 400) }, QS_CHECK_NOT_TESTED },
  { "malformed-404-alone", "H7", { SEEN, USUALLY (0, 404) }, QS_CHECK_NOT_TESTED },
  { "malformed-400-alone", "H7", { SEEN, USUALLY (0, 400) }, QS_CHECK_PASS },
  { "malformed-501", "H7", { SEEN, ANSWERED (501) }, QS_CHECK_PASS },
  { "malformed-taken", "H7", { SEEN, ANSWERED (200) }, QS_CHECK_FAIL },
  { "malformed-reset", "H7", { SEEN, RESET (0x10e) }, QS_CHECK_PASS },
  { "malformed-reset-otherwise", "H7", { SEEN, RESET (0x10c) }, QS_CHECK_WARN },
  { "malformed-closed", "H7", { SEEN, APP_CLOSED (0x10e) }, QS_CHECK_PASS },
  { "malformed-unanswered", "H7", { SEEN, .after_acked = TRUE }, QS_CHECK_WARN },
  { "answered", "H13", { SEEN, ANSWERED (404) }, QS_CHECK_PASS },
  { "answered-400", "H13", { SEEN, ANSWERED (400) }, QS_CHECK_FAIL },
  { "answered-400-as-usual", "H13", { SEEN, USUALLY (400, 400) }, QS_CHECK_PASS },
  { "answered-400-alone", "H13", { SEEN, USUALLY (0, 400) }, QS_CHECK_WARN },
  { "ordinary-400", "H0", { SEEN, USUALLY (400, 400) }, QS_CHECK_PASS },
  { "setting-400", "H21", { SEEN, .streams = { { .status = 400 } } }, QS_CHECK_PASS },
  { "reserved-first-refused", "H28b", { SEEN, APP_CLOSED (0x10a) }, QS_CHECK_CONTESTED },
  { "huge-431", "H33", { SEEN, .streams = { { .status = 431 } } }, QS_CHECK_PASS },
  { "huge-hangs", "H33", { SEEN }, QS_CHECK_WARN },
  { "huge-closed", "H33", { SEEN, APP_CLOSED (0x107) }, QS_CHECK_PASS },
  { "drained", "C1", { SEEN, .n_received_after_act = 3 }, QS_CHECK_PASS },
  { "drained-loud", "C1", { SEEN, .n_received_after_act = 4 }, QS_CHECK_WARN },
  { "not-drained", "C1", { SEEN, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "idle", "P4", { SEEN, .act_acked = TRUE }, QS_CHECK_PASS },
  { "idle-too-long", "P4", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_WARN },
  { "idle-too-short", "P4", { SEEN }, QS_CHECK_WARN },
  { "forgotten-reset", "C3", { SEEN, .act_acked = TRUE, .after = 1, .reset = TRUE }, QS_CHECK_PASS },
  { "forgotten-silent", "C3", { SEEN, .act_acked = TRUE, .after = 1 }, QS_CHECK_INFO },
  { "forgotten-other", "C3", { SEEN, .act_acked = TRUE, .after = 1, .n_unreadable = 1 }, QS_CHECK_WARN },
  { "not-forgotten", "C3", { SEEN, .act_acked = TRUE, .after = 1, .after_acked = TRUE }, QS_CHECK_NOT_TESTED },
  { "old-keys-dropped", "F32", { SEEN, .after_acked = TRUE }, QS_CHECK_PASS },
  { "old-keys-taken", "F32", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "old-keys-closed", "F32", { SEEN, CLOSED (0x0e) }, QS_CHECK_PASS },
  { "ids", "F26", { SEEN, CLOSED (0x09) }, QS_CHECK_PASS },
  { "ids-taken", "F26", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "twice", "P7", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_WARN },
  { "draft-parameters", "T15b", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_CONTESTED },
  { "draft-parameters-unreadable", "T15b", { SEEN, .n_unreadable = 1 }, QS_CHECK_CONTESTED },
  { "lossy", "M8", { SEEN, .confirmed = TRUE }, QS_CHECK_PASS },
  { "lossy-lost", "M8", { SEEN }, QS_CHECK_WARN },
  { "answered-closed", "H13", { SEEN, APP_CLOSED (0x102) }, QS_CHECK_FAIL },
  { "answered-not", "H13", { SEEN }, QS_CHECK_WARN },

  /* Versions and addresses. */
  { "versions-none", "V1", { SEEN }, QS_CHECK_WARN },
  { "small-unanswered", "V3", { SEEN }, QS_CHECK_PASS },
  { "small-answered", "V3", { SEEN, .versions_packet = 2 }, QS_CHECK_FAIL },
  { "negotiation-answered", "V4", { SEEN, .versions_packet = 2 }, QS_CHECK_FAIL },
  { "fixed-bit-dropped", "V8", { SEEN }, QS_CHECK_PASS },
  { "fixed-bit-taken", "V8", { SEEN, .hello = TRUE }, QS_CHECK_WARN },
  { "three-times", "A1", { SEEN, .n_received = 3, .sent_bytes = 1200, .received_bytes = 3600 }, QS_CHECK_PASS },
  { "more-than-three-times",
    "A1",
    { SEEN, .n_received = 4, .sent_bytes = 1200, .received_bytes = 3601 },
    QS_CHECK_FAIL },
  { "nothing-came", "A1", { SEEN, .sent_bytes = 1200 }, QS_CHECK_NOT_TESTED },
  { "small-initial-dropped", "A3", { SEEN }, QS_CHECK_PASS },
  { "small-initial-refused", "A3", { SEEN, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "small-initial-taken", "A3", { SEEN, .hello = TRUE, .hello_after_act = 2 }, QS_CHECK_FAIL },
  { "small-initial-retry", "A3", { SEEN, .n_retries = 1 }, QS_CHECK_FAIL },
  { "no-retry", "A8", { UNSEEN, .hello = TRUE }, QS_CHECK_NOT_TESTED },
  { "flipped-token-refused", "A8", { SEEN, CLOSED (0x0b) }, QS_CHECK_PASS },
  { "flipped-token-unseen", "A8", { SEEN, .hello = TRUE, .hello_after_act = 2 }, QS_CHECK_NOT_TESTED },
  { "stray-silent", "C2", { SEEN, .act_bytes = 100 }, QS_CHECK_PASS },
  { "stray-smaller",
    "C2",
    { SEEN, .act_bytes = 100, .n_received_after_act = 1, .largest_after_act = 99 },
    QS_CHECK_PASS },
  { "stray-as-large",
    "C2",
    { SEEN, .act_bytes = 100, .n_received_after_act = 8, .largest_after_act = 100 },
    QS_CHECK_FAIL },
  { "stray-as-large-not-always",
    "C2",
    { SEEN, .act_bytes = 100, .n_received_after_act = 7, .largest_after_act = 100 },
    QS_CHECK_WARN },
  { "strays-smaller",
    "C2",
    { SEEN, .act_bytes = 100, .n_received_after_act = 8, .largest_after_act = 99 },
    QS_CHECK_PASS },
  { "garbled-goes-on", "A10", { SEEN, .after_acked = TRUE }, QS_CHECK_PASS },
  { "garbled-closes", "A10", { SEEN, CLOSED (0x0a) }, QS_CHECK_FAIL },
  { "garbled-silent", "A10", { SEEN }, QS_CHECK_WARN },
  { "completes", "A15", { SEEN, .n_received = 3, .confirmed = TRUE }, QS_CHECK_PASS },
  { "completes-not", "A15", { SEEN, .n_received = 1, CLOSED (0x0a) }, QS_CHECK_FAIL },
  { "completes-silent", "A15", { SEEN }, QS_CHECK_WARN },
  { "dead", "C5", { SEEN }, QS_CHECK_FAIL },
  { "dead-by-icmp", "C5", { SEEN, .icmp = TRUE }, QS_CHECK_FAIL },
  { "full", "C5", { SEEN, .n_received = 1, CLOSED (0x02) }, QS_CHECK_WARN },
  { "stuck", "C5", { SEEN, .n_received = 1 }, QS_CHECK_WARN },
  { "alive", "C5", { SEEN, .n_received = 3, .confirmed = TRUE }, QS_CHECK_PASS },

  /* Keys and paths. */
  { "key-update", "T18", { SEEN, .act_acked = TRUE, .key_update_packet = 3 }, QS_CHECK_PASS },
  { "key-update-old-keys", "T18", { SEEN, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "key-update-closed", "T18", { SEEN, CLOSED (0x0e) }, QS_CHECK_FAIL },
  { "rebind", "M1", { SEEN, .after_acked = TRUE, .challenge_packet = 3 }, QS_CHECK_PASS },
  { "rebind-unproved", "M1", { SEEN, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "rebind-lost", "M1", { SEEN }, QS_CHECK_FAIL },
  { "spare-ids", "M10", { SEEN, .confirmed = TRUE, .n_spare_ids = 3 }, QS_CHECK_PASS },
  { "spare-ids-none", "M10", { SEEN, .confirmed = TRUE }, QS_CHECK_INFO },
  { "spare-ids-unreached", "M10", { SEEN }, QS_CHECK_NOT_TESTED },
  { "tickets-none", "T19", { SEEN, .confirmed = TRUE }, QS_CHECK_INFO },
  { "tickets-unreached", "T19", { SEEN }, QS_CHECK_NOT_TESTED },

  /* Clients. */
  { "handshake", "CV1", { CLIENT, .done = TRUE }, QS_CHECK_PASS },
  { "handshake-closed", "CV1", { CLIENT, CLOSED (0x0a) }, QS_CHECK_WARN },
  { "own-version", "CV2", { CLIENT, .after_acked = TRUE }, QS_CHECK_PASS },
  { "own-version-obeyed", "CV2", { CLIENT, CLOSED (0x02) }, QS_CHECK_FAIL },
  { "own-version-silent", "CV2", { CLIENT }, QS_CHECK_WARN },
  { "no-version-silent", "CV3", { CLIENT }, QS_CHECK_PASS },
  { "no-version-closed", "CV3", { CLIENT, CLOSED (0x02) }, QS_CHECK_PASS },
  { "no-version-goes-on", "CV3", { CLIENT, .done = TRUE }, QS_CHECK_FAIL },
  { "retry", "CA3", { CLIENT, .follow_packet = 2, .after_acked = TRUE }, QS_CHECK_PASS },
  { "retry-and-closes", "CA3", { CLIENT, .follow_packet = 2, CLOSED (0x0a) }, QS_CHECK_FAIL },
  { "retry-passed-over", "CA3", { CLIENT, .after_acked = TRUE }, QS_CHECK_WARN },
  { "bad-retry", "CA6", { CLIENT, .after_acked = TRUE }, QS_CHECK_PASS },
  { "bad-retry-followed", "CA6", { CLIENT, .follow_packet = 2, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "bad-retry-closed", "CA6", { CLIENT, CLOSED (0x0a) }, QS_CHECK_FAIL },
  { "initial-token-dropped", "CA10", { CLIENT }, QS_CHECK_PASS },
  { "initial-token-refused", "CA10", { CLIENT, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "initial-token-taken", "CA10", { CLIENT, .done = TRUE, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "no-packets", "CA1", { CLIENT }, QS_CHECK_NOT_TESTED },
  { "no-hello", "CT1", { CLIENT }, QS_CHECK_NOT_TESTED },
  { "certificate-refused", "CT3", { CLIENT, CLOSED (0x12d) }, QS_CHECK_PASS },
  { "certificate-taken", "CT3", { CLIENT, .after_acked = TRUE }, QS_CHECK_WARN },
  { "certificate-no-alert", "CT3", { CLIENT, CLOSED (0x01) }, QS_CHECK_WARN },
  { "parameter-of-server", "CP2", { CLIENT, CLOSED (0x08) }, QS_CHECK_PASS },
  { "parameter-of-server-taken", "CP2", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "initial-discarded", "CF1", { CLIENT, .after_acked = TRUE }, QS_CHECK_PASS },
  { "initial-taken", "CF1", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "initial-refused", "CF1", { CLIENT, CLOSED (0x0a) }, QS_CHECK_PASS },
  { "fixed-bit-discarded", "CF8", { CLIENT, .after_acked = TRUE }, QS_CHECK_PASS },
  { "fixed-bit-acknowledged", "CF8", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "challenge", "CF40", { CLIENT, .response_packet = 2 }, QS_CHECK_PASS },
  { "challenge-unanswered", "CF40", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "challenge-lost", "CF40", { CLIENT, .after_acked = TRUE }, QS_CHECK_WARN },
  { "no-response", "CF41", { CLIENT }, QS_CHECK_NOT_TESTED },
  { "retires", "CF42", { CLIENT, .retire_packet = 2, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_PASS },
  { "retires-not", "CF42", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "leaves", "CF44", { CLIENT }, QS_CHECK_PASS },
  { "leaves-by-close", "CF44", { CLIENT, CLOSED (0x100), .after = 3 }, QS_CHECK_NOT_TESTED },
  { "idle-closed-meanwhile", "CF45", { CLIENT, APP_CLOSED (0x100) }, QS_CHECK_NOT_TESTED },
  { "idle-closed-behind", "CF45", { CLIENT, APP_CLOSED (0x100), .after = 3 }, QS_CHECK_WARN },
  { "idle-silent", "CF45", { CLIENT, .after = 3 }, QS_CHECK_PASS },
  { "leaves-not", "CF44", { CLIENT, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "idle-goes-on", "CF45", { CLIENT, .after_acked = TRUE }, QS_CHECK_WARN },
  { "no-streams-allowed", "CF14", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_NOT_TESTED },
  { "id-limit", "CF31", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "client-not-reached", "CF10", { .of_client = TRUE, .closed = TRUE }, QS_CHECK_NOT_TESTED },
  { "no-http3", "CH8", { CLIENT, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_NOT_TESTED },
  { "http3-goes-on", "CH8", { CLIENT, .http3 = TRUE, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_FAIL },
  { "http3-closes", "CH8", { CLIENT, .http3 = TRUE, APP_CLOSED (0x105) }, QS_CHECK_PASS },
  { "answer-taken", "CH1", { CLIENT, .http3 = TRUE, APP_CLOSED (0x100) }, QS_CHECK_PASS },
  { "answer-taken-plainly", "CH1", { CLIENT, .http3 = TRUE, APP_CLOSED (0) }, QS_CHECK_PASS },
  { "answer-taken-in-transport", "CH1", { CLIENT, .http3 = TRUE, CLOSED (0) }, QS_CHECK_PASS },
  { "answer-refused-in-transport", "CH1", { CLIENT, .http3 = TRUE, CLOSED (0x100) }, QS_CHECK_FAIL },
  { "answer-refused", "CH3", { CLIENT, .http3 = TRUE, APP_CLOSED (0x105) }, QS_CHECK_FAIL },
  { "answer-stream-ended", "CH3", { CLIENT, .http3 = TRUE, .after_acked = TRUE, OWN_RESET (0x10e) }, QS_CHECK_FAIL },
  { "malformed-said", "CH24", { CLIENT, .http3 = TRUE, OWN_RESET (0x10e) }, QS_CHECK_PASS },
  { "malformed-unsaid", "CH24", { CLIENT, .http3 = TRUE, APP_CLOSED (0x100) }, QS_CHECK_INFO },
  { "malformed-goes-on", "CH24", { CLIENT, .http3 = TRUE, .act_acked = TRUE, .after_acked = TRUE }, QS_CHECK_INFO },
};

static GBytes *
make_parameters (guint64 id, guint64 value)
{
  GByteArray *out = g_byte_array_new ();

  qs_transport_parameter_write_integer (out, id, value);
  return g_byte_array_free_to_bytes (out);
}

static QsCheckVerdict
judge (const char *id, const QsSight *sight, QsTrace *trace)
{
  const QsCheck *check = qs_checks_find (id) != NULL ? qs_checks_find (id) : qs_client_checks_find (id);
  QsJudgement judgement = { .verdict = QS_CHECK_NOT_TESTED, .packets = g_array_new (FALSE, FALSE, sizeof (guint)) };
  QsSight copy = *sight;
  guint *const places[] = { &copy.act,
                            &copy.after,
                            &copy.act_packet,
                            &copy.after_packet,
                            &copy.hello_packet,
                            &copy.hello_after_act,
                            &copy.confirmed_packet,
                            &copy.versions_packet,
                            &copy.retry_packet,
                            &copy.challenge_packet,
                            &copy.response_packet,
                            &copy.retire_packet,
                            &copy.follow_packet,
                            &copy.key_update_packet,
                            &copy.close_packet };

  g_assert_nonnull (check);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    *places[i] = *places[i] != 0 ? *places[i] : NONE;
  for (guint i = 0; i < QS_SIGHT_MOST_STREAMS; i++)
    copy.streams[i].packet = NONE;
  copy.trace = trace;
  check->judge (check, &copy, &judgement);
  g_assert_nonnull (judgement.text);
  g_assert_true (g_utf8_validate (judgement.text, -1, NULL));
  QsCheckVerdict verdict = judgement.verdict;
  qs_judgement_clear (&judgement);
  return verdict;
}

static void
test_case (gconstpointer data)
{
  const Case *row = data;
  g_autoptr (QsTrace) trace = qs_trace_new (row->sight.of_client ? QS_VANTAGE_SERVER : QS_VANTAGE_CLIENT, NULL);

  g_assert_cmpstr (qs_check_verdict_name (judge (row->id, &row->sight, trace)), ==,
                   qs_check_verdict_name (row->verdict));
}

/* Of the server's transport parameters, one alone. */
static const struct {
  const char *id;
  guint64 parameter, value;
  QsCheckVerdict verdict;
} numbers[] = {
  { "P1", 0x0a, 20, QS_CHECK_PASS },
  { "P1", 0x0a, 21, QS_CHECK_FAIL },
  { "P1", 0x0b, (1 << 14) - 1, QS_CHECK_PASS },
  { "P1", 0x0b, 1 << 14, QS_CHECK_FAIL },
  { "P1", 0x03, 1200, QS_CHECK_PASS },
  { "P1", 0x03, 1199, QS_CHECK_FAIL },
  { "P1", 0x0e, 2, QS_CHECK_PASS },
  { "P1", 0x0e, 1, QS_CHECK_FAIL },
  { "P2", 0x09, 2, QS_CHECK_FAIL },
  { "P2", 0x09, 3, QS_CHECK_WARN }, /* and no bytes on them */
  { "P3", 0x08, 99, QS_CHECK_WARN },
  { "P3", 0x08, 100, QS_CHECK_PASS },
  { "F29", 0x20, 1200, QS_CHECK_NOT_TESTED },
  { "F29", 0x20, 0, QS_CHECK_FAIL },
};

static void
test_numbers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
      g_autoptr (GBytes) parameters = make_parameters (numbers[i].parameter, numbers[i].value);
      QsSight sight = { SEEN, .act_acked = TRUE, .after_acked = TRUE, .parameters = parameters };
      g_assert_cmpstr (qs_check_verdict_name (judge (numbers[i].id, &sight, trace)), ==,
                       qs_check_verdict_name (numbers[i].verdict));
    }
}

/* A Retry's token counts as accepted only where the transport parameters say so. */
static void
test_retry_token (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GBytes) parameters = make_parameters (0x10, 1);
  QsSight sight = { SEEN, .hello = TRUE, .hello_after_act = 2, .parameters = parameters };

  g_assert_cmpint (judge ("A8", &sight, trace), ==, QS_CHECK_FAIL);
  g_assert_cmpint (judge ("A7", &sight, trace), ==, QS_CHECK_WARN);
  g_autoptr (GBytes) others = make_parameters (0x01, 1);
  sight.parameters = others;
  g_assert_cmpint (judge ("A8", &sight, trace), ==, QS_CHECK_INFO);
}

/* Who says that it forbids migration may drop what comes from another port. */
static void
test_rebind_forbidden (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GBytes) parameters = make_parameters (0x0c, 1);
  QsSight sight = { SEEN, .parameters = parameters };

  g_assert_cmpint (judge ("M1", &sight, trace), ==, QS_CHECK_WARN);
}

static void
test_certificate (void)
{
  const struct {
    gint64 error;
    QsCheckVerdict verdict;
  } rows[] = { { 0, QS_CHECK_PASS }, { 62, QS_CHECK_FAIL }, { 10, QS_CHECK_FAIL } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
      QsSight sight = { SEEN };
      g_assert_cmpint (judge ("T10", &sight, trace), ==, QS_CHECK_NOT_TESTED);
      qs_trace_add_mark (trace, QS_MARK_VERIFY, NULL, rows[i].error, "as it is");
      g_assert_cmpint (judge ("T10", &sight, trace), ==, rows[i].verdict);
    }
}

/* Records of the DNS, beside what QUIC came to and the addresses of the name. */
static void
test_https_records (void)
{
  static const guint8 h3[] = { 0, 1, 0, 0, 1, 0, 3, 2, 'h', '3' };
  static const guint8 h2[] = { 0, 1, 0, 0, 1, 0, 3, 2, 'h', '2' };
  static const guint8 hint[] = { 0, 1, 0, 0, 1, 0, 3, 2, 'h', '3', 0, 4, 0, 4, 192, 0, 2, 1 };
  const struct {
    QsSpan rdata; /* none: there is no record */
    const char *address;
    gboolean answers;
    QsCheckVerdict verdict;
  } rows[] = {
    { QS_SPAN (h3, sizeof h3), "192.0.2.1", TRUE, QS_CHECK_PASS },
    { QS_SPAN (h3, sizeof h3), "192.0.2.1", FALSE, QS_CHECK_FAIL },
    { QS_SPAN (h2, sizeof h2), "192.0.2.1", TRUE, QS_CHECK_WARN },
    { QS_SPAN (h2, sizeof h2), "192.0.2.1", FALSE, QS_CHECK_WARN },
    { QS_SPAN (hint, sizeof hint), "192.0.2.1", TRUE, QS_CHECK_PASS },
    { QS_SPAN (hint, sizeof hint), "192.0.2.2", TRUE, QS_CHECK_WARN },
    { QS_SPAN (hint, sizeof hint), "2001:db8::1", TRUE, QS_CHECK_PASS }, /* the other family was not looked for */
    { QS_SPAN_NONE, "192.0.2.1", TRUE, QS_CHECK_WARN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
      g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_https_record_free);
      g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_object_unref);
      QsSight sight = { .over_tcp = TRUE, .quic_answers = rows[i].answers, .addresses = addresses };

      g_ptr_array_add (addresses, g_inet_socket_address_new_from_string (rows[i].address, 443));
      g_assert_cmpint (judge ("D4", &sight, trace), ==, QS_CHECK_NOT_TESTED); /* nobody was asked */
      if (rows[i].rdata.length > 0)
        g_ptr_array_add (records, qs_https_record_parse (rows[i].rdata, NULL));
      qs_https_lookup_note (trace, records, NULL);
      g_assert_cmpint (judge ("D4", &sight, trace), ==, rows[i].verdict);
    }
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GError) error = g_error_new (QS_ERROR, QS_ERROR_NETWORK, "in vain");
  QsSight sight = { .over_tcp = TRUE, .quic_answers = TRUE };
  qs_https_lookup_note (trace, NULL, error);
  g_assert_cmpint (judge ("D4", &sight, trace), ==, QS_CHECK_NOT_TESTED);
  g_assert_cmpint (judge ("D5", &sight, trace), ==, QS_CHECK_NOT_TESTED);
}

/* Where wrong packets go without being asked for: nowhere else. */
static void
test_private (void)
{
  const struct {
    const char *address;
    gboolean is_private;
  } rows[] = {
    { "127.0.0.1", TRUE },    { "::1", TRUE },          { "10.1.2.3", TRUE },        { "172.16.0.1", TRUE },
    { "172.31.255.1", TRUE }, { "172.32.0.1", FALSE },  { "192.168.1.1", TRUE },     { "192.169.1.1", FALSE },
    { "169.254.1.1", TRUE },  { "fe80::1", TRUE },      { "fc00::1", TRUE },         { "fdff::1", TRUE },
    { "fe00::1", FALSE },     { "2001:db8::1", FALSE }, { "192.0.2.1", FALSE },      { "11.0.0.1", FALSE },
    { "0.0.0.0", FALSE },     { "224.0.0.1", FALSE },   { "::ffff:8.8.8.8", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (rows[i].address, 443);
      if (qs_examination_is_private (address) != rows[i].is_private)
        g_error ("%s", rows[i].address);
    }
}

/* The table itself. */
static void
check_table (const QsCheck *const *all, guint n, const QsCheck *(*find) (const char *id))
{
  g_assert_cmpuint (n, >, 100);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (find (all[i]->id) == all[i]); /* no id twice */
      g_assert_nonnull (all[i]->judge);
      g_assert_cmpstr (all[i]->title, !=, "");
      g_assert_cmpstr (all[i]->reference, !=, "");
      guint acts = 0;
      g_assert_cmpint ((all[i]->script != NULL) + (all[i]->plan != NULL) + (all[i]->untested != NULL), ==, 1);
      if (all[i]->script == NULL)
        continue;
      for (const QsCraftStep *step = all[i]->script; step->what != QS_CRAFT_DO_END; step++)
        acts += step->act;
      g_assert_cmpuint (acts, ==, 1);
      if ((all[i]->flags & QS_CHECK_IS_CONTESTED) != 0)
        g_assert_nonnull (all[i]->readings);
    }
}

static void
test_tables (void)
{
  guint n;
  const QsCheck *const *all = qs_checks_get (&n);

  check_table (all, n, qs_checks_find);
  all = qs_client_checks_get (&n);
  check_table (all, n, qs_client_checks_find);
  for (guint i = 0; i < n; i++)
    g_assert_null (qs_checks_find (all[i]->id)); /* nor in the other table */
}

/* What of a client's own parameters is out of bounds. */
static void
test_client_parameters (void)
{
  const struct {
    guint64 id, value;
    QsCheckVerdict verdict;
  } rows[] = {
    { 0x0f, 1, QS_CHECK_PASS },       { 0x0a, 21, QS_CHECK_FAIL }, { 0x03, 1199, QS_CHECK_FAIL },
    { 0x0b, 1 << 14, QS_CHECK_FAIL }, { 0x0e, 1, QS_CHECK_FAIL },  { 0x00, 1, QS_CHECK_FAIL },
    { 0x10, 1, QS_CHECK_FAIL },       { 0x0a, 20, QS_CHECK_FAIL }, /* and no initial_source_connection_id */
    { 0x21, 1, QS_CHECK_FAIL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
      g_autoptr (GBytes) parameters = make_parameters (rows[i].id, rows[i].value);
      QsSight sight = { CLIENT, .parameters = parameters };
      g_assert_cmpint (judge ("CP1", &sight, trace), ==, rows[i].verdict);
    }
}

static void
test_client_limits (void)
{
  const struct {
    const char *id;
    guint64 parameter, value;
    QsCheckVerdict verdict;
  } rows[] = {
    { "CF14", 0x09, 1, QS_CHECK_FAIL },        { "CF14", 0x09, 0, QS_CHECK_NOT_TESTED },
    { "CF31", 0x0e, 10, QS_CHECK_FAIL },       { "CF31", 0x0e, 11, QS_CHECK_NOT_TESTED },
    { "CF8", 0x2ab2, 0, QS_CHECK_NOT_TESTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
      g_autoptr (GBytes) parameters = make_parameters (rows[i].parameter, rows[i].value);
      QsSight sight = { CLIENT, .act_acked = TRUE, .after_acked = TRUE, .parameters = parameters };
      g_assert_cmpint (judge (rows[i].id, &sight, trace), ==, rows[i].verdict);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/checks/judges/%s/%s", cases[i].id, cases[i].name);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/checks/judges/numbers", test_numbers);
  g_test_add_func ("/checks/judges/retry-token", test_retry_token);
  g_test_add_func ("/checks/judges/rebind-forbidden", test_rebind_forbidden);
  g_test_add_func ("/checks/judges/certificate", test_certificate);
  g_test_add_func ("/checks/judges/https-records", test_https_records);
  g_test_add_func ("/checks/private", test_private);
  g_test_add_func ("/checks/tables", test_tables);
  g_test_add_func ("/checks/judges/client-parameters", test_client_parameters);
  g_test_add_func ("/checks/judges/client-limits", test_client_limits);
  return g_test_run ();
}
