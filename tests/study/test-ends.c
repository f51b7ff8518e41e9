/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures between two ports that mean nothing, which begin anywhere: the client is who sends what a client alone sends, or it is said that
 * it cannot be known. Little that can be QUIC at most is opened by its keys, or it is told what is missing. */
#include <glib/gstdio.h>
#include <string.h>

#include "capture-kit.h"

#define LOW 40000
#define HIGH 50000
#define MOST_CUTS 24

static const Capture captures[] = {
  { "cli/captures/quic-no-keys.pcap", "cli/captures/q.keys" },
  { "cli/captures/zero-rtt-not-taken.pcap", "cli/captures/zero-rtt-not-taken.keys" },
  { "cli/captures/quic-version-negotiation-then-v1.pcap", "cli/captures/q.keys" },
  { "cli/captures/losses-before-the-capture-point.pcap", "cli/captures/losses-before-the-capture-point.keys" },
  { "cli/captures/tls13-plain.pcap", "cli/captures/tls13.keys" },
  { "cli/captures/tls12-plain.pcap", "cli/captures/tls12.keys" },
};

static void
set_port (guint8 *at, guint port)
{
  at[0] = (guint8) (port >> 8);
  at[1] = (guint8) port;
}

/* The packets from first on, with other ports, or 0 for their own. */
static GByteArray *
make_file (const File *file, guint first, guint most, guint client, guint server)
{
  GByteArray *out = g_byte_array_new ();
  guint32 link = read32 (file->data + 20, file->big);
  gsize ip = link_length (link);

  g_byte_array_append (out, file->data, HEAD);
  for (guint i = first; i < file->packets->len && i - first < most; i++)
    {
      const Packet *packet = &g_array_index (file->packets, Packet, i);
      guint start = out->len + 16;
      add_packet (out, file, packet, G_MAXUINT32);
      gsize length = (out->data[start + ip] >> 4) == 6 ? 40 : (gsize) (out->data[start + ip] & 15) * 4;
      if (client == 0)
        continue;
      set_port (out->data + start + ip + length, packet->by_client ? client : server);
      set_port (out->data + start + ip + length + 2, packet->by_client ? server : client);
    }
  return out;
}

static gboolean
has_finding (QsStudy *study, const char *id)
{
  GPtrArray *findings = qs_study_get_findings (study);

  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((const QsFinding *) findings->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

/* What is said of each connection in it. */
static void
check (const Capture *capture, const GByteArray *bytes, const char *keys, guint first, guint server, gboolean proved)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) studies = open_bytes (bytes, keys, &error);

  if (studies == NULL)
    {
      g_assert_null (keys);
      if (strstr (capture->file, "tls") == NULL)
        g_assert_nonnull (strstr (error->message, "1-RTT"));
      return;
    }
  for (guint i = 0; i < studies->len; i++)
    {
      qs_study_settle (studies->pdata[i]);
      const QsStudyTarget *target = qs_study_get_target (studies->pdata[i]);
      gboolean guessed = has_finding (studies->pdata[i], "ends-guessed");
      g_test_message ("%s from packet %u on, %s keys: port %u, %u is the server's%s", capture->file, first,
                      keys != NULL ? "with" : "without", target->port, server, guessed ? ", guessed" : "");
      g_assert_true (target->port == server || guessed);
      g_assert_false (guessed && proved);
      g_assert_false (has_finding (studies->pdata[i], "corrupted"));
      g_assert_false (has_finding (studies->pdata[i], "version-negotiation-invalid"));
      g_assert_false (has_finding (studies->pdata[i], "keys-do-not-fit"));
    }
}

static void
test_ports (void)
{
  for (guint c = 0; c < G_N_ELEMENTS (captures); c++)
    {
      File file;
      file_init (&file, &captures[c]);
      for (guint first = 0; first < MIN (file.packets->len, MOST_CUTS); first++)
        for (guint way = 0; way < 2; way++)
          {
            guint client = way == 0 ? LOW : HIGH, server = LOW + HIGH - client;
            g_autoptr (GByteArray) bytes = make_file (&file, first, G_MAXUINT, client, server);
            check (&captures[c], bytes, NULL, first, server, first == 0);
            /* TLS 1.2's keys need its hellos. */
            if (strstr (captures[c].file, "tls12") == NULL && strstr (captures[c].file, "tls13") == NULL)
              check (&captures[c], bytes, file.keys, first, server, TRUE);
          }
      file_clear (&file);
    }
}

/* TLS 1.3's keys tell as well, as long as there is something that they open. */
static void
test_tls (void)
{
  File file;

  file_init (&file, &captures[4]);
  for (guint first = 6; first < 12; first += 2)
    {
      g_autoptr (GByteArray) bytes = make_file (&file, first, G_MAXUINT, LOW, HIGH);
      check (&captures[4], bytes, file.keys, first, HIGH, TRUE);
    }
  file_clear (&file);
}

/* The server's packets may come first: into the capture, or because it merges two. */
static void
test_order (void)
{
  for (guint c = 0; c < G_N_ELEMENTS (captures); c++)
    {
      File file;
      file_init (&file, &captures[c]);
      g_autoptr (GByteArray) whole = make_file (&file, 0, G_MAXUINT, LOW, HIGH);
      g_autoptr (GByteArray) turned = g_byte_array_new ();
      guint answer = 0;
      while (g_array_index (file.packets, Packet, answer).by_client)
        answer++;
      g_byte_array_append (turned, whole->data, HEAD);
      gsize at = HEAD;
      for (guint i = 0; i < answer; i++)
        at += 16 + g_array_index (file.packets, Packet, i).length;
      gsize length = 16 + g_array_index (file.packets, Packet, answer).length;
      g_byte_array_append (turned, whole->data + at, (guint) length);
      g_byte_array_append (turned, whole->data + HEAD, (guint) at - HEAD);
      g_byte_array_append (turned, whole->data + at + length, whole->len - (guint) (at + length));
      g_autoptr (GPtrArray) studies = open_bytes (turned, NULL, NULL);
      g_test_message ("%s with its first answer in front", captures[c].file);
      for (guint i = 0; i < studies->len; i++)
        {
          qs_study_settle (studies->pdata[i]);
          g_assert_cmpuint (qs_study_get_target (studies->pdata[i])->port, ==, HIGH);
          g_assert_false (has_finding (studies->pdata[i], "ends-guessed"));
        }
      file_clear (&file);
    }
}

/* One packet is enough for its keys, and without them what it may be is told. */
static void
test_few (void)
{
  File file;

  file_init (&file, &captures[1]);
  for (guint first = 4; first < file.packets->len; first++)
    {
      g_autoptr (GByteArray) bytes = make_file (&file, first, 1, LOW, HIGH);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) studies = open_bytes (bytes, file.keys, NULL);
      g_assert_nonnull (studies);
      qs_study_settle (studies->pdata[0]);
      g_assert_true (has_finding (studies->pdata[0], "began-before-capture"));
      g_assert_false (has_finding (studies->pdata[0], "keys-missing"));
      g_assert_null (open_bytes (bytes, NULL, &error));
      g_assert_nonnull (strstr (error->message, "1-RTT"));
      g_clear_error (&error);
      g_autofree char *others = path_of ("cli/captures/tls13.keys");
      g_assert_null (open_bytes (bytes, others, &error));
      g_assert_nonnull (strstr (error->message, "1-RTT"));
    }
  file_clear (&file);
}

/* Where a card cuts datagrams up, a recording on its host shows many as one: of none of them it may be said that it was damaged. */
static void
test_joined (void)
{
  static const Capture joined[] = {
    { "cli/captures/gso-and-zero-length-cid.pcap", "cli/captures/gso-and-zero-length-cid.keys" },
    { "formats/data/gso-after-migration-new-cid.pcap", "formats/data/gso-after-migration-new-cid.keys" },
    { "cli/captures/losses-before-the-capture-point.pcap", "cli/captures/losses-before-the-capture-point.keys" },
  };

  for (guint c = 0; c < G_N_ELEMENTS (joined); c++)
    {
      File file;
      guint n_told = 0;
      file_init (&file, &joined[c]);
      for (guint first = 0; first < file.packets->len; first++)
        {
          g_autoptr (GByteArray) bytes = make_file (&file, first, G_MAXUINT, 0, 0);
          g_autoptr (GPtrArray) studies = open_bytes (bytes, file.keys, NULL);
          for (guint i = 0; studies != NULL && i < studies->len; i++)
            {
              qs_study_settle (studies->pdata[i]);
              g_test_message ("%s from packet %u on", joined[c].file, first);
              g_assert_false (has_finding (studies->pdata[i], "corrupted"));
              g_assert_false (has_finding (studies->pdata[i], "keys-do-not-fit"));
              n_told += has_finding (studies->pdata[i], "datagrams-joined");
              g_assert_false (c == 1 && studies->len > 1); /* one that moves, wherever the capture begins */
            }
        }
      g_test_message ("told %u times", n_told);
      g_assert_true (c != 0 || n_told > 0); /* nothing tells where a datagram without an id ends */
      file_clear (&file);
    }
}

/* The packet of a TLS connection at index, milliseconds after the capture's beginning; flags 0: as it is, else these and no bytes of its own,
 * behind what its side sent and with all that is acknowledged. */
static void
add_segment (GByteArray *out, const File *file, guint index, guint milliseconds, guint8 flags)
{
  guint start = out->len;
  guint32 time[2], numbers[2];

  add_packet (out, file, &g_array_index (file->packets, Packet, index), G_MAXUINT32);
  memcpy (time, g_array_index (file->packets, Packet, 0).bytes, sizeof time);
  guint64 total = (guint64) time[0] * 1000000 + time[1] + (guint64) milliseconds * 1000;
  time[0] = (guint32) (total / 1000000);
  time[1] = (guint32) (total % 1000000);
  memcpy (out->data + start, time, sizeof time);
  if (flags == 0)
    return;
  guint8 *tcp = out->data + start + 16 + 20;
  memcpy (numbers, tcp + 4, sizeof numbers);
  const guint8 *hello = g_array_index (file->packets, Packet, 3).bytes + 16 + 20;
  guint32 length = g_array_index (file->packets, Packet, 3).length - 20 - (guint32) (hello[12] >> 4) * 4;
  guint32 next = GUINT32_FROM_BE (numbers[0]) + 1;
  numbers[0] = GUINT32_TO_BE (next);
  next = GUINT32_FROM_BE (numbers[1]) + length;
  numbers[1] = GUINT32_TO_BE (next);
  memcpy (tcp + 4, numbers, sizeof numbers);
  tcp[13] = flags;
}

static const QsFinding *
find_timeout (const GByteArray *bytes, GPtrArray **studies)
{
  *studies = open_bytes (bytes, NULL, NULL);
  qs_study_settle ((*studies)->pdata[0]);
  GPtrArray *findings = qs_study_get_findings ((*studies)->pdata[0]);
  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((const QsFinding *) findings->pdata[i])->id, "timeout"))
      return findings->pdata[i];
  return NULL;
}

/* TLS over TCP: SYN, SYN and ACK, ACK, ClientHello; then nothing but acknowledgements, or not even these. */
static void
test_silence (void)
{
  enum { ACKNOWLEDGED = 1, AGAIN = 2, LONG = 4, SYN_MISSING = 8 };
  static const struct {
    guint what;
    gboolean found;
    QsParty who;
  } cases[] = {
    { ACKNOWLEDGED | LONG, TRUE, QS_PARTY_UNKNOWN }, /* it may be on its way back that the answer is lost */
    { ACKNOWLEDGED, FALSE, QS_PARTY_UNKNOWN },       /* the capture ended */
    { AGAIN | LONG, TRUE, QS_PARTY_PATH },
    { LONG, FALSE, QS_PARTY_UNKNOWN }, /* nobody sent it again: the capture lacks what came */
    { ACKNOWLEDGED | LONG | SYN_MISSING, FALSE, QS_PARTY_UNKNOWN },
  };
  File file;

  file_init (&file, &captures[4]);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_byte_array_append (bytes, file.data, HEAD);
      for (guint k = 0; k < 4; k++)
        if (k != 1 || (cases[i].what & SYN_MISSING) == 0)
          add_segment (bytes, &file, k, k, 0);
      if (cases[i].what & ACKNOWLEDGED)
        add_segment (bytes, &file, 1, 5, 0x10);
      for (guint k = 1; k < 4 && (cases[i].what & AGAIN) != 0; k++)
        add_segment (bytes, &file, 3, k * 1000, 0);
      if (cases[i].what & LONG)
        add_segment (bytes, &file, 2, 10000, 0);
      g_autoptr (GPtrArray) studies = NULL;
      const QsFinding *finding = find_timeout (bytes, &studies);
      g_test_message ("case %u: %s", i, finding != NULL ? finding->title : "nothing");
      g_assert_true ((finding != NULL) == cases[i].found);
      g_assert_true (finding == NULL || finding->who == cases[i].who);
    }
  file_clear (&file);
}

/* A key log without a line is told of, and hides nothing. */
static void
test_empty_log (void)
{
  File file;
  g_autofree char *empty = NULL;
  int fd = g_file_open_tmp ("qs-ends-XXXXXX", &empty, NULL);
  gint64 time;

  g_assert_true (g_close (fd, NULL));
  file_init (&file, &captures[0]);
  g_autoptr (GByteArray) bytes = make_file (&file, 0, G_MAXUINT, LOW, HIGH);
  g_autoptr (GPtrArray) studies = open_bytes (bytes, empty, NULL);
  g_assert_nonnull (studies);
  qs_study_settle (studies->pdata[0]);
  g_assert_true (has_finding (studies->pdata[0], "keys-missing"));
  const QsMark *mark = qs_trace_find_mark (qs_study_get_trace (studies->pdata[0]), QS_MARK_NOTE, "file", &time);
  g_assert_nonnull (mark);
  g_assert_nonnull (strstr (mark->text, empty));
  g_remove (empty);
  file_clear (&file);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ends/ports", test_ports);
  g_test_add_func ("/ends/tls", test_tls);
  g_test_add_func ("/ends/order", test_order);
  g_test_add_func ("/ends/few", test_few);
  g_test_add_func ("/ends/silence", test_silence);
  g_test_add_func ("/ends/joined", test_joined);
  g_test_add_func ("/ends/empty-log", test_empty_log);
  return g_test_run ();
}
