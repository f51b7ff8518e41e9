/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "capture-kit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECORD 16

/* --- A file, taken apart and put together --- */

guint32
read32 (const guint8 *at, gboolean big)
{
  guint32 value;

  memcpy (&value, at, 4);
  return big ? GUINT32_FROM_BE (value) : GUINT32_FROM_LE (value);
}

gsize
link_length (guint32 link)
{
  return link == 1 ? 14 : link == 113 ? 16 : link == 276 ? 20 : link == 0 ? 4 : 0;
}

/* Who sends: the first packet is the client's. Address and port of the sender, which is all that is asked of it. */
static guint64
sender_of (const guint8 *packet, guint32 link)
{
  const guint8 *ip = packet + link_length (link);
  gsize length = (ip[0] >> 4) == 6 ? 40 : (gsize) (ip[0] & 15) * 4;
  guint64 port = (guint64) ip[length] << 8 | ip[length + 1];

  return port << 32 | read32 (ip + ((ip[0] >> 4) == 6 ? 20 : 12), TRUE);
}

char *
path_of (const char *name)
{
  return g_build_filename (g_getenv ("G_TEST_SRCDIR"), "..", name, NULL);
}

/* Of pcapng what the captures here have: one interface, enhanced packet blocks, no times in need of more than their order. */
static void
make_pcap (File *file)
{
  static const guint32 head[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 0x40000 };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  g_byte_array_append (out, (const guint8 *) head, sizeof head);
  for (gsize at = 0; at + 12 <= file->length; at += read32 (file->data + at + 4, FALSE))
    {
      const guint8 *block = file->data + at;
      guint32 type = read32 (block, FALSE);
      if (type == 1)
        g_byte_array_append (out, (const guint8[]){ block[8], block[9], 0, 0 }, 4);
      if (type != 6)
        continue;
      guint64 time = (guint64) read32 (block + 12, FALSE) << 32 | read32 (block + 16, FALSE);
      time /= time > G_GUINT64_CONSTANT (1000000000000000000) ? 1000 : 1; /* nanoseconds */
      guint32 record[] = { (guint32) (time / G_USEC_PER_SEC), (guint32) (time % G_USEC_PER_SEC),
                           read32 (block + 20, FALSE), read32 (block + 24, FALSE) };
      g_byte_array_append (out, (const guint8 *) record, sizeof record);
      g_byte_array_append (out, block + 28, record[2]);
    }
  g_free (file->data);
  file->data = g_byte_array_steal (out, &file->length);
}

void
file_init (File *file, const Capture *capture)
{
  g_autofree char *path = path_of (capture->file);
  g_autoptr (GError) error = NULL;
  guint64 client = 0;

  *file = (File){ .packets = g_array_new (FALSE, FALSE, sizeof (Packet)), .keys = path_of (capture->keys) };
  g_file_get_contents (path, (char **) &file->data, &file->length, &error);
  g_assert_no_error (error);
  if (file->data[0] == 0x0a)
    make_pcap (file);
  file->big = file->data[0] == 0xa1; /* the magic number, a1b2c3d4 */
  guint32 link = read32 (file->data + 20, file->big);
  for (gsize at = HEAD; at + RECORD < file->length;)
    {
      Packet packet = { .bytes = file->data + at, .length = read32 (file->data + at + 8, file->big) };
      guint64 sender = sender_of (packet.bytes + RECORD, link);
      client = file->packets->len == 0 ? sender : client;
      packet.by_client = sender == client;
      g_array_append_val (file->packets, packet);
      at += RECORD + packet.length;
    }
}

void
file_clear (File *file)
{
  g_free (file->data);
  g_free (file->keys);
  g_array_unref (file->packets);
}

void
add_packet (GByteArray *out, const File *file, const Packet *packet, guint32 most)
{
  guint32 kept = MIN (packet->length, most);

  kept = file->big ? GUINT32_TO_BE (kept) : GUINT32_TO_LE (kept);
  g_byte_array_append (out, packet->bytes, 8);
  g_byte_array_append (out, (const guint8 *) &kept, 4);
  g_byte_array_append (out, packet->bytes + 12, 4 + MIN (packet->length, most));
}

GPtrArray *
open_bytes (const GByteArray *bytes, const char *keys, GError **error)
{
  int fd = memfd_create ("damaged", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  const char *key_logs[] = { keys, NULL };

  g_assert_cmpint (write (fd, bytes->data, bytes->len), ==, (gssize) bytes->len);
  GPtrArray *studies = qs_study_file_open (path, keys != NULL ? key_logs : NULL, error);
  close (fd);
  return studies;
}
