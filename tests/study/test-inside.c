/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pcapng with a key log inside, which may be of a whole browser's day: each connection is opened, and many lines are not copied to each. */
#include <string.h>

#include "capture-kit.h"
#include "diagnosis/qs-evidence.h"

#define N_CONNECTIONS 4
#define FEW 24000 /* lines: times connections below the bound, and above it */
#define MANY 26000
#define FIRST_OF_SERVER 11 /* the packet behind all that have the ClientHello in them */

static const Capture capture = { "cli/captures/quic-no-keys.pcap", "cli/captures/q.keys" };

static void
put32 (GByteArray *out, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &value, 4);
}

static void
put_block (GByteArray *out, guint32 type, const void *body, gsize length)
{
  guint pad = (guint) (-length & 3), whole = (guint) length + pad + 12;

  put32 (out, type);
  put32 (out, whole);
  g_byte_array_append (out, body, (guint) length);
  g_byte_array_append (out, (const guint8 *) "\0\0\0", pad);
  put32 (out, whole);
}

static void
put_secrets (GByteArray *out, const char *keys, guint n)
{
  g_autoptr (GString) lines = g_string_new ("KSLT    "); /* the type, and room for the length */
  guint32 length;

  for (guint i = 0; i < n; i++)
    g_string_append_printf (lines, "CLIENT_TRAFFIC_SECRET_0 %064x %064x\n", i, i);
  g_string_append (lines, keys);
  length = GUINT32_TO_LE ((guint32) lines->len - 8);
  memcpy (lines->str + 4, &length, 4);
  put_block (out, 10, lines->str, lines->len);
}

/* The same connection from several ports, beginning with packet first, one after the other. */
static void
put_packets (GByteArray *out, const File *file, guint first)
{
  gsize ip = link_length (read32 (file->data + 20, file->big));

  for (guint i = 0; i < N_CONNECTIONS * file->packets->len; i++)
    {
      const Packet *packet = &g_array_index (file->packets, Packet, i % file->packets->len);
      g_autoptr (GByteArray) body = g_byte_array_new ();
      guint port = 20000 + i / file->packets->len;

      if (i % file->packets->len < first)
        continue;
      put32 (body, 0);
      put32 (body, 0);
      put32 (body, i * 1000);
      put32 (body, packet->length);
      put32 (body, packet->length);
      g_byte_array_append (body, packet->bytes + 16, packet->length);
      guint8 *at = body->data + 20 + ip;
      at += ((at[0] >> 4) == 6 ? 40 : (gsize) (at[0] & 15) * 4) + (packet->by_client ? 0 : 2);
      at[0] = (guint8) (port >> 8);
      at[1] = (guint8) port;
      put_block (out, 6, body->data, body->len);
    }
}

static GPtrArray *
open_inside (const File *file, guint n_lines, guint first, gboolean secrets_last)
{
  g_autoptr (GByteArray) out = g_byte_array_new (), body = g_byte_array_new ();
  g_autofree char *keys = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (file->keys, &keys, NULL, NULL));
  put32 (body, 0x1a2b3c4d);
  put32 (body, 1);
  put32 (body, G_MAXUINT32);
  put32 (body, G_MAXUINT32);
  put_block (out, 0x0a0d0d0a, body->data, body->len);
  g_byte_array_set_size (body, 0);
  put32 (body, read32 (file->data + 20, file->big));
  put32 (body, 0);
  put_block (out, 1, body->data, body->len);
  if (!secrets_last)
    put_secrets (out, keys, n_lines);
  put_packets (out, file, first);
  if (secrets_last)
    put_secrets (out, keys, n_lines);
  GPtrArray *studies = open_bytes (out, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (studies->len, ==, N_CONNECTIONS);
  return studies;
}

static guint
count_secrets (GPtrArray *studies)
{
  guint n = 0;

  for (guint i = 0; i < studies->len; i++)
    n += qs_trace_get_n_secrets (qs_study_get_trace (studies->pdata[i]));
  return n;
}

static void
check_opened (GPtrArray *studies)
{
  for (guint i = 0; i < studies->len; i++)
    {
      qs_study_settle (studies->pdata[i]);
      GPtrArray *findings = qs_study_get_findings (studies->pdata[i]);
      for (guint k = 0; k < findings->len; k++)
        {
          const char *id = ((const QsFinding *) findings->pdata[k])->id;
          g_assert_cmpstr (id, !=, "keys-missing");
          g_assert_cmpstr (id, !=, "keys-do-not-fit");
        }
      g_assert_cmpuint (qs_study_get_evidence (studies->pdata[i])->packets.n_decrypted_in, >, 2);
    }
}

static void
test_few (void)
{
  File file;

  file_init (&file, &capture);
  for (guint last = 0; last < 2; last++)
    {
      g_autoptr (GPtrArray) studies = open_inside (&file, FEW, 0, last == 1);
      g_assert_cmpuint (count_secrets (studies), >, N_CONNECTIONS * FEW);
      check_opened (studies);
    }
  file_clear (&file);
}

/* Three of the four may have got all of them before there were too many. */
static void
test_many (void)
{
  File file;

  file_init (&file, &capture);
  for (guint last = 0; last < 2; last++)
    {
      g_autoptr (GPtrArray) studies = open_inside (&file, MANY, 0, last == 1);
      g_assert_cmpuint (count_secrets (studies), <=, 100000 + N_CONNECTIONS * 100);
      check_opened (studies);
    }
  file_clear (&file);
}

/* What began before the capture has no client random to go by: it is tried with all. */
static void
test_late (void)
{
  File file;

  file_init (&file, &capture);
  g_autoptr (GPtrArray) studies = open_inside (&file, MANY, FIRST_OF_SERVER, TRUE);
  g_assert_cmpuint (count_secrets (studies), >=, N_CONNECTIONS * MANY);
  file_clear (&file);
}

/* A list of versions to an id that is not the client's, behind a key log's lines: as many as they are, it is looked at, and so is what was
 * sent and received. */
static void
test_behind_lines (void)
{
  static const Capture list = { "cli/captures/quic-version-negotiation-then-v1.pcap", "cli/captures/q.keys" };
  static const guint n_lines[] = { 0, 505, 515, 20100 };
  File file;

  for (guint i = 0; i < 2 * G_N_ELEMENTS (n_lines); i++)
    {
      gboolean other = i % 2 == 1;

      file_init (&file, &list);
      gsize ip = link_length (read32 (file.data + 20, file.big));
      for (guint k = 0; k < file.packets->len; k++)
        {
          const Packet *packet = &g_array_index (file.packets, Packet, k);
          guint8 *at = (guint8 *) packet->bytes + 16 + ip;
          at += ((at[0] >> 4) == 6 ? 40 : (gsize) (at[0] & 15) * 4) + 8;
          if (other && (at[0] & 0x80) != 0 && read32 (at + 1, TRUE) == 0)
            at[at[5] > 0 ? 6 : 7 + at[5]] ^= 1;
        }
      g_autoptr (GPtrArray) studies = open_inside (&file, n_lines[i / 2], 0, FALSE);
      for (guint k = 0; k < studies->len; k++)
        {
          qs_study_settle (studies->pdata[k]);
          const QsEvidence *evidence = qs_study_get_evidence (studies->pdata[k]);
          g_assert_cmpint (evidence->version_list.ids_differ, ==, other);
          g_assert_true (evidence->anything_sent && evidence->anything_received);
        }
      file_clear (&file);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inside/few", test_few);
  g_test_add_func ("/inside/many", test_many);
  g_test_add_func ("/inside/late", test_late);
  g_test_add_func ("/inside/behind-lines", test_behind_lines);
  return g_test_run ();
}
