/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-capture-file.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u /* Linux 2.2's: each packet has eight bytes more of its interface */
#define FILE_HEADER 24
#define PACKET_HEADER 16
#define MORE_HEADER 8
#define MAX_PACKET (256u << 10) /* libpcap's own bound */

typedef struct {
  gboolean swapped;
  gboolean nanoseconds;
  gboolean modified;
  guint link;
} Format;

static guint32
get32 (const guint8 *at, gboolean swapped)
{
  guint32 value;

  memcpy (&value, at, 4);
  return swapped ? GUINT32_SWAP_LE_BE (value) : value;
}

static gboolean
read_magic (const guint8 *start, gsize length, Format *format)
{
  for (guint swapped = 0; length >= 4 && swapped < 2; swapped++)
    {
      guint32 magic = get32 (start, swapped == 1);

      format->swapped = swapped == 1;
      format->nanoseconds = magic == MAGIC_NS;
      format->modified = magic == MAGIC_MODIFIED;
      if (magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_MODIFIED)
        return TRUE;
    }
  return FALSE;
}

gboolean
qs_pcap_is (const guint8 *start, gsize length)
{
  Format format;

  return read_magic (start, length, &format);
}

static gboolean
fail_truncated (QsInput *input, GError **error)
{
  if (error != NULL && *error == NULL)
    g_set_error (error, QS_ERROR, QS_ERROR_TRUNCATED,
                 _ ("The file ends in the middle of a packet, at byte %" PRIu64
                    ": the program that wrote it was stopped, or it was not copied whole."),
                 qs_input_get_position (input));
  return FALSE;
}

static gboolean
read_packet (QsInput *input, const Format *format, const guint8 *header, GByteArray *buffer, QsCapture *capture,
             GError **error)
{
  guint32 seconds = get32 (header, format->swapped), fraction = get32 (header + 4, format->swapped);
  guint32 kept = get32 (header + 8, format->swapped), length = get32 (header + 12, format->swapped);

  if (kept == 0 && length == 0) /* behind what was written the disk had room reserved: zeros, gigabytes of them maybe */
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("The file is damaged at byte %" PRIu64 ": %s."),
                   qs_input_get_position (input) - PACKET_HEADER, _ ("a packet has no bytes"));
      return FALSE;
    }
  if (kept > MAX_PACKET)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE,
                   _ ("The file is damaged at byte %" PRIu64 ": a packet says that it is %u bytes long."),
                   qs_input_get_position (input) - PACKET_HEADER, kept);
      return FALSE;
    }
  GError *read_error = NULL;
  if (format->modified && !qs_input_skip (input, MORE_HEADER, &read_error))
    {
      if (read_error != NULL)
        g_propagate_error (error, read_error);
      else
        fail_truncated (input, error);
      return FALSE;
    }
  const guint8 *bytes;
  if (qs_input_borrow (input, &bytes, kept, buffer, &read_error) != (gssize) kept)
    {
      if (read_error != NULL)
        g_propagate_error (error, read_error);
      else
        fail_truncated (input, error);
      return FALSE;
    }
  QsCaptured captured = { .time = (gint64) seconds * G_GINT64_CONSTANT (1000000000) +
                                  (gint64) fraction * (format->nanoseconds ? 1 : 1000),
                          .link = format->link,
                          .bytes = QS_SPAN (bytes, kept),
                          .wire_length = MAX (length, kept) };
  qs_capture_add_packet (capture, &captured);
  return TRUE;
}

gboolean
qs_pcap_read (QsInput *input, QsCapture *capture, GError **error)
{
  guint8 header[FILE_HEADER];
  Format format;
  gssize got = qs_input_read (input, header, FILE_HEADER, error);

  if (got < FILE_HEADER)
    return got < 0 ? FALSE : fail_truncated (input, error);
  read_magic (header, FILE_HEADER, &format);
  format.link = get32 (header + 20, format.swapped) & 0xffffu; /* above: about frame check sequences */
  if (!qs_capture_link_is_known (format.link))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                   _ ("This capture's link type %u cannot be read. Ethernet, Wi-Fi, PPP, raw IP, Linux cooked and "
                      "loopback can."),
                   format.link);
      return FALSE;
    }

  g_autoptr (GByteArray) buffer = g_byte_array_new ();
  while ((got = qs_input_read (input, header, PACKET_HEADER, error)) == PACKET_HEADER)
    {
      if (!read_packet (input, &format, header, buffer, capture, error))
        return FALSE;
    }
  if (got > 0)
    return fail_truncated (input, error);
  return got == 0;
}
