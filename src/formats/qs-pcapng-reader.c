/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-capture-file.h"
#include "formats/qs-key-log.h"
#include "formats/qs-pcapng-private.h"
#include "formats/qs-pcapng.h"
#include "formats/qs-run-record.h"

#define MIN_BLOCK 12
#define MAX_BLOCK (64u << 20)
#define MAX_INTERFACES 4096
#define NS_PER_S G_GINT64_CONSTANT (1000000000)

typedef struct {
  guint link;
  guint8 resolution; /* the option's byte: 10^-n, or 2^-n with the top bit */
  gint64 offset;     /* seconds */
  guint32 snapshot;
  QsRunReader *run; /* the capture's: what is of a run that Quicscope recorded; NULL: none */
} Interface;

typedef struct {
  QsInput *input;
  QsCapture *capture;
  gboolean swapped;
  GArray *interfaces;           /* of the section */
  QsSpan block;                 /* its body */
  GByteArray *buffer, *section; /* where that lies if it is not in the mapped file */
  gint64 last_time;             /* a simple packet has none of its own */
  GHashTable *unknown_links;
} Reader;

static guint32
get32 (const Reader *self, gsize at)
{
  guint32 value;

  memcpy (&value, self->block.data + at, 4);
  return self->swapped ? GUINT32_SWAP_LE_BE (value) : value;
}

static guint16
get16 (const Reader *self, gsize at)
{
  guint16 value;

  memcpy (&value, self->block.data + at, 2);
  return self->swapped ? GUINT16_SWAP_LE_BE (value) : value;
}

/* --- Errors --- */

static gboolean
fail_damaged (Reader *self, GError **error, const char *what)
{
  g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("The file is damaged before byte %" PRIu64 ": %s."),
               qs_input_get_position (self->input), what);
  return FALSE;
}

static gboolean
fail_truncated (Reader *self, GError **error)
{
  g_set_error (error, QS_ERROR, QS_ERROR_TRUNCATED,
               _ ("The file ends in the middle of a block, at byte %" PRIu64
                  ": the program that wrote it was stopped, or it was not copied whole."),
               qs_input_get_position (self->input));
  return FALSE;
}

/* Reads exactly n bytes. */
static gboolean
read_exactly (Reader *self, void *bytes, gsize n, GError **error)
{
  gssize got = qs_input_read (self->input, bytes, n, error);

  if (got >= 0 && (gsize) got < n)
    return fail_truncated (self, error);
  return got == (gssize) n;
}

/* --- Options --- */

/* Moves *at behind the next option; FALSE at their end. One that is longer than its block ends them. */
static gboolean
next_option (const Reader *self, gsize *at, guint *code, QsSpan *value)
{
  if (*at + 4 > self->block.length)
    return FALSE;
  *code = get16 (self, *at);
  gsize length = get16 (self, *at + 2);
  if (*code == QS_PCAPNG_OPT_END || *at + 4 + length > self->block.length)
    return FALSE;
  *value = QS_SPAN (self->block.data + *at + 4, length);
  *at += 4 + (length + 3) / 4 * 4;
  return TRUE;
}

/* A part of the record of a run, if it is one. */
static void
take_run_part (const Reader *self, QsSpan value, GByteArray *record)
{
  gsize magic = strlen (QS_RUN_RECORD_MAGIC), head = 4 + magic;

  if (value.length < head || get32 (self, (gsize) (value.data - self->block.data)) != QS_RUN_RECORD_PEN ||
      memcmp (value.data + 4, QS_RUN_RECORD_MAGIC, magic) != 0 || record->len > QS_RUN_RECORD_MAX)
    return;
  g_byte_array_append (record, value.data + head, (guint) (value.length - head));
}

static void
read_interface_options (const Reader *self, gsize at, Interface *interface, GByteArray *record)
{
  QsSpan value;
  guint code;

  while (next_option (self, &at, &code, &value))
    {
      if (code == QS_PCAPNG_OPT_CUSTOM)
        take_run_part (self, value, record);
      if (code == QS_PCAPNG_IF_TSRESOL && value.length == 1)
        interface->resolution = value.data[0];
      if (code == QS_PCAPNG_IF_TSOFFSET && value.length == 8)
        {
          memcpy (&interface->offset, value.data, 8);
          if (self->swapped)
            interface->offset = (gint64) GUINT64_SWAP_LE_BE ((guint64) interface->offset);
        }
    }
}

static QsFate
fate_of_comment (QsSpan comment)
{
  for (QsFate fate = QS_FATE_DROPPED; fate <= QS_FATE_CORRUPTED; fate++)
    {
      const char *text = qs_pcapng_fate_comment (fate);

      if (qs_span_equal (comment, QS_SPAN (text, strlen (text))))
        return fate;
    }
  return QS_FATE_PASSED;
}

static void
read_packet_options (const Reader *self, gsize at, QsCaptured *captured)
{
  QsSpan value;
  guint code;

  while (next_option (self, &at, &code, &value))
    {
      if (code == QS_PCAPNG_OPT_COMMENT)
        captured->fate = fate_of_comment (value);
      if (code == QS_PCAPNG_EPB_FLAGS && value.length == 4)
        captured->direction = get32 (self, (gsize) (value.data - self->block.data)) & 3;
    }
}

/* --- Times --- */

/* Ticks since 1970 to nanoseconds, kept where differences cannot overflow. Micro- and nanoseconds exactly. */
static gint64
to_nanoseconds (const Interface *interface, guint64 ticks)
{
  gint64 most = G_MAXINT64 / 4;
  gint64 offset = CLAMP (interface->offset, -most / NS_PER_S, most / NS_PER_S) * NS_PER_S;
  gint64 per_tick = interface->resolution == 9 ? 1 : interface->resolution == 6 ? 1000 : 0;
  gint64 ns;

  if (per_tick != 0)
    ns = (gint64) MIN (ticks, (guint64) (most / per_tick)) * per_tick;
  else
    {
      double base = (interface->resolution & 0x80) != 0 ? 2 : 10;
      ns = (gint64) MIN ((double) ticks / pow (base, interface->resolution & 0x7f) * 1e9, (double) most);
    }
  return MAX (ns + offset, 0);
}

/* --- Blocks --- */

static gboolean
is_ours (const Reader *self)
{
  static const char name[] = QS_PCAPNG_APPLICATION " ";
  QsSpan value;
  guint code;

  for (gsize at = 16; next_option (self, &at, &code, &value);)
    {
      if (code == QS_PCAPNG_SHB_APPLICATION)
        return value.length > strlen (name) && memcmp (value.data, name, strlen (name)) == 0;
    }
  return FALSE;
}

static gboolean
read_section (Reader *self, GError **error)
{
  g_array_set_size (self->interfaces, 0);
  if (self->block.length < 16)
    return fail_damaged (self, error, _ ("a section header is too short"));
  if (get16 (self, 4) != 1)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED, _ ("This is pcapng of version %u; only 1 is known."),
                   get16 (self, 4));
      return FALSE;
    }
  qs_capture_set_one_run (self->capture, qs_capture_get_n_packets (self->capture) == 0 && is_ours (self));
  return TRUE;
}

static gboolean
read_interface (Reader *self, GError **error)
{
  if (self->block.length < 8)
    return fail_damaged (self, error, _ ("an interface's description is too short"));
  if (self->interfaces->len == MAX_INTERFACES)
    return fail_damaged (self, error, _ ("it describes too many interfaces"));

  Interface interface = { .link = get16 (self, 0), .resolution = 6, .snapshot = get32 (self, 4) };
  g_autoptr (GByteArray) record = g_byte_array_new ();
  read_interface_options (self, 8, &interface, record);
  if (record->len > 0)
    interface.run = qs_capture_add_run (self->capture, record->data, record->len);
  g_array_append_val (self->interfaces, interface);
  return TRUE;
}

static void
add_packet (Reader *self, const Interface *interface, QsCaptured *captured)
{
  captured->link = interface->link;
  self->last_time = captured->time;
  /* mergecap makes one interface of two runs': the other one's packets are a capture like any other. */
  if (interface->run != NULL && qs_run_reader_add_packet (interface->run, captured))
    return;
  if (qs_capture_link_is_known (interface->link))
    qs_capture_add_packet (self->capture, captured);
  else
    g_hash_table_add (self->unknown_links, GUINT_TO_POINTER (interface->link));
}

/* Enhanced packets, and the packet block that they replaced, which differs in its first bytes only. */
static gboolean
read_packet (Reader *self, guint32 number, GError **error)
{
  if (self->block.length < 20)
    return fail_damaged (self, error, _ ("a packet block is too short"));
  if (number >= self->interfaces->len)
    return fail_damaged (self, error, _ ("a packet is of an interface that was not described"));

  const Interface *interface = &g_array_index (self->interfaces, Interface, number);
  gsize kept = get32 (self, 12);
  if (kept > self->block.length - 20)
    return fail_damaged (self, error, _ ("a packet is longer than its block"));

  guint64 ticks = (guint64) get32 (self, 4) << 32 | get32 (self, 8);
  QsCaptured captured = { .time = to_nanoseconds (interface, ticks),
                          .bytes = QS_SPAN (self->block.data + 20, kept),
                          .wire_length = MAX (get32 (self, 16), (guint32) kept) };
  read_packet_options (self, 20 + (kept + 3) / 4 * 4, &captured);
  add_packet (self, interface, &captured);
  return TRUE;
}

static gboolean
read_enhanced_packet (Reader *self, GError **error)
{
  return read_packet (self, self->block.length >= 4 ? get32 (self, 0) : 0, error);
}

static gboolean
read_old_packet (Reader *self, GError **error)
{
  return read_packet (self, self->block.length >= 4 ? get16 (self, 0) : 0, error);
}

static gboolean
read_simple_packet (Reader *self, GError **error)
{
  if (self->block.length < 4 || self->interfaces->len == 0)
    return fail_damaged (self, error, _ ("a packet is of an interface that was not described"));

  const Interface *interface = &g_array_index (self->interfaces, Interface, 0);
  guint32 length = get32 (self, 0);
  gsize kept = MIN (length, self->block.length - 4);
  if (interface->snapshot > 0)
    kept = MIN (kept, interface->snapshot);
  QsCaptured captured = { .time = self->last_time,
                          .bytes = QS_SPAN (self->block.data + 4, kept),
                          .wire_length = length };
  add_packet (self, interface, &captured);
  return TRUE;
}

static gboolean
read_secrets (Reader *self, GError **error)
{
  if (self->block.length < 8)
    return fail_damaged (self, error, _ ("a block of secrets is too short"));
  gsize length = get32 (self, 4);
  if (length > self->block.length - 8)
    return fail_damaged (self, error, _ ("secrets are longer than their block"));
  if (get32 (self, 0) != QS_PCAPNG_TLS_KEY_LOG) /* WireGuard, ZigBee, SSH */
    return TRUE;

  g_autoptr (GPtrArray) lines = qs_key_log_split ((const char *) self->block.data + 8, length, NULL);
  for (guint i = 0; i < lines->len; i++)
    qs_capture_add_secret (self->capture, g_ptr_array_index (lines, i));
  return TRUE;
}

static const struct {
  guint32 type;
  gboolean (*read) (Reader *self, GError **error);
} blocks[] = {
  { QS_PCAPNG_ENHANCED_PACKET, read_enhanced_packet },
  { QS_PCAPNG_SIMPLE_PACKET, read_simple_packet },
  { QS_PCAPNG_OLD_PACKET, read_old_packet },
  { QS_PCAPNG_SECRETS, read_secrets },
  { QS_PCAPNG_INTERFACE, read_interface },
  { QS_PCAPNG_SECTION, read_section },
};

/* The byte order is the section's: told by the first bytes of its body, which stand behind the length. */
static gboolean
take_byte_order (Reader *self, guint8 *head, GError **error)
{
  guint32 magic;

  if (!read_exactly (self, head + 8, 4, error))
    return FALSE;
  memcpy (&magic, head + 8, 4);
  if (magic == QS_PCAPNG_BYTE_ORDER_MAGIC)
    self->swapped = FALSE;
  else if (magic == GUINT32_SWAP_LE_BE (QS_PCAPNG_BYTE_ORDER_MAGIC))
    self->swapped = TRUE;
  else
    return fail_damaged (self, error, _ ("a section does not tell its byte order"));
  return TRUE;
}

/* Reads a block's body, without the two lengths around it. */
static gboolean
read_body (Reader *self, guint8 *head, gsize n_head, GError **error)
{
  guint32 length, trailer;

  memcpy (&length, head + 4, 4);
  length = self->swapped ? GUINT32_SWAP_LE_BE (length) : length;
  if (length < MIN_BLOCK || length % 4 != 0 || length < n_head + 4)
    return fail_damaged (self, error, _ ("a block has an impossible length"));
  if (length > MAX_BLOCK)
    return fail_damaged (self, error, _ ("a block says that it is larger than 64 MiB"));

  gsize left = length - 4 - n_head;
  const guint8 *bytes = NULL;
  gssize got = qs_input_borrow (self->input, &bytes, left, self->buffer, error);
  if (got < 0)
    return FALSE;
  if ((gsize) got < left)
    return fail_truncated (self, error);
  self->block = QS_SPAN (bytes, left);
  if (n_head >
      8) /* a section's: all of it stands in the file one behind the other, of which the first bytes were read */
    {
      g_byte_array_set_size (self->section, 0);
      g_byte_array_append (self->section, head + 8, (guint) n_head - 8);
      g_byte_array_append (self->section, bytes, (guint) left);
      self->block = QS_SPAN (self->section->data, self->section->len);
    }
  if (!read_exactly (self, &trailer, 4, error))
    return FALSE;
  trailer = self->swapped ? GUINT32_SWAP_LE_BE (trailer) : trailer;
  return trailer == length || fail_damaged (self, error, _ ("a block's two lengths differ"));
}

static gboolean
read_block (Reader *self, guint8 *head, GError **error)
{
  gsize n_head = 8;
  guint32 type;

  memcpy (&type, head, 4);
  if (type == QS_PCAPNG_SECTION) /* reads the same in both orders */
    {
      if (!take_byte_order (self, head, error))
        return FALSE;
      n_head = 12;
    }
  type = self->swapped ? GUINT32_SWAP_LE_BE (type) : type;
  if (!read_body (self, head, n_head, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    {
      if (blocks[i].type == type)
        return blocks[i].read (self, error);
    }
  return TRUE; /* names, statistics, custom blocks */
}

static gboolean
read_blocks (Reader *self, GError **error)
{
  guint8 head[12];
  gssize got;

  while ((got = qs_input_read (self->input, head, 1, error)) == 1)
    {
      if (!read_exactly (self, head + 1, 7, error) || !read_block (self, head, error))
        return FALSE;
    }
  return got == 0;
}

static gboolean
check_links (Reader *self, GError **error)
{
  GHashTableIter iter;
  gpointer link;

  g_hash_table_iter_init (&iter, self->unknown_links);
  if (!g_hash_table_iter_next (&iter, &link, NULL))
    return TRUE;
  g_set_error (
      error, QS_ERROR, QS_ERROR_UNSUPPORTED,
      _ ("This capture's link type %u cannot be read. Ethernet, Wi-Fi, PPP, raw IP, Linux cooked and loopback can."),
      GPOINTER_TO_UINT (link));
  return FALSE;
}

gboolean
qs_pcapng_is (const guint8 *start, gsize length)
{
  guint32 type;

  if (length < 4)
    return FALSE;
  memcpy (&type, start, 4);
  return type == QS_PCAPNG_SECTION;
}

gboolean
qs_pcapng_read (QsInput *input, QsCapture *capture, GError **error)
{
  g_autoptr (GArray) interfaces = g_array_new (FALSE, FALSE, sizeof (Interface));
  g_autoptr (GByteArray) buffer = g_byte_array_new (), section = g_byte_array_new ();
  g_autoptr (GHashTable) unknown_links = g_hash_table_new (NULL, NULL);
  Reader self = { .input = input,
                  .capture = capture,
                  .interfaces = interfaces,
                  .buffer = buffer,
                  .section = section,
                  .unknown_links = unknown_links };

  return read_blocks (&self, error) && check_links (&self, error);
}
