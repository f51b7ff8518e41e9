/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "formats/qs-capture-file.h"
#include "formats/qs-capture-link.h"
#include "formats/qs-pcapng-private.h"

#define FILE_HEADER 16
#define PACKET_HEADER 24
#define MAX_PACKET (256u << 10)
#define ETHERNET 4 /* RFC 1761 section 4 */

static const guint8 magic[8] = { 's', 'n', 'o', 'o', 'p', 0, 0, 0 };

gboolean
qs_snoop_is (const guint8 *start, gsize length)
{
  return length >= FILE_HEADER && memcmp (start, magic, sizeof magic) == 0;
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

/* Lengths on the wire, in the file, and of the record with its padding; drops; time. */
static gboolean
read_packet (QsInput *input, const guint8 *header, GByteArray *buffer, QsCapture *capture, GError **error)
{
  guint32 length = qs_cursor_be32 (header), kept = qs_cursor_be32 (header + 4), record = qs_cursor_be32 (header + 8);
  GError *read_error = NULL;

  if (kept > MAX_PACKET || record < PACKET_HEADER + kept || record > 2 * MAX_PACKET)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE,
                   _ ("The file is damaged at byte %" PRIu64 ": a packet says that it is %u bytes long."),
                   qs_input_get_position (input) - PACKET_HEADER, kept);
      return FALSE;
    }
  const guint8 *bytes;
  if (qs_input_borrow (input, &bytes, record - PACKET_HEADER, buffer, &read_error) < (gssize) kept)
    {
      if (read_error != NULL)
        g_propagate_error (error, read_error);
      else
        fail_truncated (input, error);
      return FALSE;
    }
  const QsCaptured captured = { .time = (gint64) qs_cursor_be32 (header + 16) * G_GINT64_CONSTANT (1000000000) +
                                        (gint64) qs_cursor_be32 (header + 20) * 1000,
                                .link = QS_LINK_ETHERNET,
                                .bytes = QS_SPAN (bytes, kept),
                                .wire_length = MAX (length, kept) };
  qs_capture_add_packet (capture, &captured);
  return TRUE;
}

gboolean
qs_snoop_read (QsInput *input, QsCapture *capture, GError **error)
{
  guint8 header[PACKET_HEADER];
  gssize got = qs_input_read (input, header, FILE_HEADER, error);

  if (got < FILE_HEADER)
    return got < 0 ? FALSE : fail_truncated (input, error);
  if (qs_cursor_be32 (header + 8) != 2 || qs_cursor_be32 (header + 12) != ETHERNET)
    {
      g_set_error (
          error, QS_ERROR, QS_ERROR_UNSUPPORTED,
          _ ("This is a snoop capture of version %u with the link type %u. Only version 2 with Ethernet can be read."),
          qs_cursor_be32 (header + 8), qs_cursor_be32 (header + 12));
      return FALSE;
    }
  g_autoptr (GByteArray) buffer = g_byte_array_new ();
  while ((got = qs_input_read (input, header, PACKET_HEADER, error)) == PACKET_HEADER)
    {
      if (!read_packet (input, header, buffer, capture, error))
        return FALSE;
    }
  if (got > 0)
    return fail_truncated (input, error);
  return got == 0;
}
