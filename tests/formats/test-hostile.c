/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that nobody wants: each ends soon, in a sentence that says what is wrong, or shows what can be read of it. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cpu-time.h"
#include "fixtures.h"
#include "formats/qs-input.h"
#include "formats/qs-key-log.h"
#include "formats/qs-pcapng.h"
#include "formats/qs-qlog.h"
#include "formats/qs-trace-file.h"

#define PATIENCE_S 30 /* a second is promised; CI's machines are slow, and the sanitizers slower */

typedef struct {
  char *dir;
  char *path;
  int written;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("qs-hostile-XXXXXX", NULL);
  self->path = g_build_filename (self->dir, "file", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->path);
  g_free (self->dir);
}

/* NULL with an error that is a sentence and names nothing that a terminal would act on. */
static GPtrArray *
load (const char *path, GError **error)
{
  gint64 start = cpu_time ();
  GPtrArray *traces = qs_trace_file_load (path, NULL, NULL, error);

  double seconds = (double) (cpu_time () - start) / 1e6;
  g_test_message ("%.3f s: %s", seconds, *error != NULL ? (*error)->message : "opened");
  g_assert_cmpfloat (seconds, <, PATIENCE_S);
  g_assert_true ((traces == NULL) == (*error != NULL));
  if (*error != NULL)
    {
      const char *message = (*error)->message;

      g_assert_true (g_utf8_validate (message, -1, NULL));
      g_assert_cmpuint (strlen (message), >, 20);
      for (const char *at = message; *at != '\0'; at++)
        g_assert_false (g_ascii_iscntrl (*at));
    }
  return traces;
}

static void
assert_refused (const char *path, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = load (path, &error);

  g_assert_null (traces);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
put (const Fixture *self, const void *bytes, gsize length)
{
  g_assert_true (g_file_set_contents (self->path, bytes, (gssize) length, NULL));
}

#define SHB "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"
#define IDB "\1\0\0\0\x14\0\0\0\x65\0\0\0\0\0\0\0\x14\0\0\0"
#define PCAP "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0"
#define QLOG "{\"qlog_version\":\"0.3\",\"trace\":{}}\n"

/* --- By their bytes --- */

static const struct {
  const char *name;
  const char *bytes;
  gsize length;
  const char *says;
} files[] = {
#define FILE_OF(name, bytes, says)        \
  {                                       \
    name, bytes, sizeof (bytes) - 1, says \
  }
  FILE_OF ("empty", "", "empty"),
  FILE_OF ("one byte", "x", "none of"),
  FILE_OF ("noise", "\x7f\x45\x4c\x46\x02\x01\x01\0\0\0\0", "none of"),
  FILE_OF ("zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "none of"),
  FILE_OF ("zstd", "\x28\xb5\x2f\xfd\x04\x00", "cut off"),
  FILE_OF ("zip", "PK\x03\x04\x14\x00", "archive of several"),
  FILE_OF ("gzip of nothing", "\x1f\x8b\x08", "cut off"),
  FILE_OF ("gzip of noise", "\x1f\x8b\x08\0\0\0\0\0\0\0zzzzzzzzzzzzzzzz", "damaged"),
  FILE_OF ("pcapng: magic alone", "\x0a\x0d\x0d\x0a", "ends in the middle"),
  FILE_OF ("pcapng: byte order of neither kind", "\x0a\x0d\x0d\x0a\x1c\0\0\0\x11\x22\x33\x44\1\0\0\0", "byte order"),
  FILE_OF ("pcapng: a gigabyte claimed", "\x0a\x0d\x0d\x0a\0\0\0\x40\x4d\x3c\x2b\x1a\1\0", "64 MiB"),
  FILE_OF ("pcapng: a gigabyte claimed, other order", "\x0a\x0d\x0d\x0a\x40\0\0\0\x1a\x2b\x3c\x4d\0\1", "64 MiB"),
  FILE_OF ("pcapng: 63 MiB claimed", "\x0a\x0d\x0d\x0a\0\0\xf0\3\x4d\x3c\x2b\x1a\1\0", "ends in the middle"),
  FILE_OF ("pcapng: a length in the wrong order", SHB "\1\0\0\0\0\0\0\x14\x65\0\0\0\0\0\0\0\0\0\0\x14", "64 MiB"),
  FILE_OF ("pcapng: a block of no length", SHB "\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "impossible length"),
  FILE_OF ("pcapng: a length of eleven", SHB "\6\0\0\0\x0b\0\0\0\0\0\0\x0b\0\0\0", "impossible length"),
  FILE_OF ("pcapng: a length of 0xffffffff", SHB "\6\0\0\0\xff\xff\xff\xff\0\0\0\0", "impossible length"),
  FILE_OF ("pcapng: lengths that differ", SHB "\1\0\0\0\x14\0\0\0\x65\0\0\0\0\0\0\0\x18\0\0\0", "two lengths"),
  FILE_OF ("pcapng: a packet of no interface",
           SHB "\6\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0", "interface"),
  FILE_OF ("pcapng: a packet longer than its block",
           SHB IDB "\6\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\x20\0\0\0",
           "longer than its block"),
  FILE_OF ("pcapng: secrets longer than their block", SHB "\x0a\0\0\0\x14\0\0\0KSLT\xff\xff\xff\x7f\x14\0\0\0",
           "longer than their block"),
  FILE_OF ("pcapng: an option longer than its block", SHB "\1\0\0\0\x18\0\0\0\x65\0\0\0\0\0\0\0\2\0\xff\xff\x18\0\0\0",
           "no packets"),
  FILE_OF ("pcapng: an unknown block and names",
           SHB IDB "\x11\x22\x33\x44\x10\0\0\0zzzz\x10\0\0\0\4\0\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0", "no packets"),
  FILE_OF ("pcapng: version 9",
           "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x9\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0",
           "version 9"),
  FILE_OF ("pcap: header alone", PCAP, "no packets"),
  FILE_OF ("pcap: cut header", "\xd4\xc3\xb2\xa1\2\0\4\0", "ends in the middle"),
  FILE_OF ("pcap: a gigabyte claimed", PCAP "\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\x40", "says that it is"),
  FILE_OF ("pcap: a packet of nothing", PCAP "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "no bytes"),
  FILE_OF ("pcap: cut packet", PCAP "\0\0\0\0\0\0\0\0\xff\xff\0\0\xff\xff\0\0zzz", "ends in the middle"),
  FILE_OF ("pcap: link type 9999", "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x0f\x27\0\0",
           "link type 9999"),
  FILE_OF ("JSON of something else", "{\"name\":\"x\"}", "no qlog"),
  FILE_OF ("qlog: NUL in a text", QLOG "{\"time\":1,\"name\":\"x\0y\"}", "not JSON"),
  FILE_OF ("qlog: NUL in a header", "{\"qlog_version\":\"0.3\0\"}", "not JSON"),
  FILE_OF ("qlog: no UTF-8", QLOG "{\"time\":1,\"name\":\"\xc3\x28\xff\"}", "not JSON"),
  FILE_OF ("qlog: an escape sequence", QLOG "\x1b[31m{}", "not JSON"),
  FILE_OF ("qlog: a bracket too many", QLOG "{}}", "not JSON"),
  FILE_OF ("qlog: lone surrogates", "{\"qlog_version\":\"\\ud800\\udc\"}", "not JSON"),
  FILE_OF ("qlog: numbers", QLOG "{\"time\":1e999,\"name\":\"transport:packet_lost\",\"data\":{}}", "no packets"),
  FILE_OF ("key log",
           "CLIENT_RANDOM 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
           "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n",
           "opens together with"),
};

static void
test_bytes (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_test_message ("%s", files[i].name);
      put (self, files[i].bytes, files[i].length);
      assert_refused (self->path, files[i].says);
    }
}

/* --- Large and deep --- */

static void
put_repeated (const Fixture *self, const char *start, const char *piece, gsize n, const char *end)
{
  g_autoptr (GString) text = g_string_new (start);

  for (gsize i = 0; i < n; i++)
    g_string_append (text, piece);
  g_string_append (text, end);
  put (self, text->str, text->len);
}

static void
test_deep (Fixture *self, gconstpointer data)
{
  put_repeated (self, "", "[", 100000, "");
  assert_refused (self->path, "none of");
  put_repeated (self, "{\"a\":", "[", 100000, "");
  assert_refused (self->path, "too deeply");
  put_repeated (self, "", "{\"a\":", 100000, "");
  assert_refused (self->path, "too deeply");
  put_repeated (self, QLOG "{\"data\":", "[{\"a\":", 100000, "");
  assert_refused (self->path, "too deeply");
  put_repeated (self, "{\"qlog_version\":\"0.3\",\"traces\":[{\"events\":[", "[", 100000, "");
  assert_refused (self->path, "too deeply");
}

static void
test_endless (Fixture *self, gconstpointer data)
{
  put_repeated (self, QLOG "{\"name\":\"", "abcdefghijklmnop", 1200000, "\"}\n");
  assert_refused (self->path, "16 MiB");
  put_repeated (self, QLOG "{\"name\":", "                ", 1200000, "1}\n");
  assert_refused (self->path, "16 MiB");
  put_repeated (self, "{\"qlog_version\":\"0.3\",\"traces\":[{\"events\":[{\"a\":\"", "abcdefghijklmnop", 1200000, "");
  assert_refused (self->path, "16 MiB");
  put_repeated (self, QLOG, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", 1200000, "");
  assert_refused (self->path, "no packets");
  put_repeated (self, "", "CLIENT_RANDOM ", 1200000, "");
  g_autoptr (GError) error = NULL;
  g_assert_null (qs_key_log_load (self->path, &error));
  g_test_message ("%s", error->message);
}

/* A hole of 4 GiB behind a start. */
static void
put_sparse (const Fixture *self, const void *start, gsize length)
{
  put (self, start, length);
  g_assert_cmpint (truncate (self->path, (off_t) 4 << 30), ==, 0);
}

static void
test_sparse (Fixture *self, gconstpointer data)
{
  put_sparse (self, "", 0);
  assert_refused (self->path, "none of");
  put_sparse (self, SHB IDB, sizeof SHB IDB - 1);
  assert_refused (self->path, "impossible length");
  put_sparse (self, PCAP, sizeof PCAP - 1);
  assert_refused (self->path, "no bytes");
  put_sparse (self, QLOG, sizeof QLOG - 1);
  assert_refused (self->path, "not JSON");
  g_autoptr (GError) error = NULL;
  g_assert_null (qs_key_log_load (self->path, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_TOO_LARGE);
}

/* --- No files --- */

static void
test_not_files (Fixture *self, gconstpointer data)
{
  g_autofree char *missing = g_build_filename (self->dir, "missing", NULL);

  assert_refused (self->dir, "directory");
  assert_refused (missing, "No such file");
  assert_refused ("/dev/zero", "pipe or a device");
  assert_refused ("/dev/null", "pipe or a device");

  g_assert_cmpint (mkfifo (self->path, 0600), ==, 0);
  assert_refused (self->path, "pipe or a device");
  int writer = g_open (self->path, O_RDWR | O_CLOEXEC, 0); /* somebody holds it open and says nothing */
  assert_refused (self->path, "pipe or a device");
  close (writer);
  g_unlink (self->path);

  put (self, QLOG, sizeof QLOG - 1);
  g_assert_cmpint (g_chmod (self->path, 0), ==, 0);
  if (g_access (self->path, R_OK) != 0) /* not for root */
    assert_refused (self->path, "Permission denied");
}

/* A named pipe, and how long who writes is waited for. */
static void
test_writers (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const guint8 *bytes;
  gsize length;

  g_assert_cmpint (mkfifo (self->path, 0600), ==, 0);
  g_autoptr (QsInput) alone = qs_input_open_growing (self->path, NULL, &error);
  g_assert_no_error (error);
  qs_input_set_patience (alone, 50);
  g_assert_false (qs_input_peek (alone, &bytes, &length, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, self->path));
  g_clear_error (&error);

  /* One that is there, whenever it writes; and one that had its say and went. */
  for (guint gone = 0; gone < 2; gone++)
    {
      g_autoptr (QsInput) input = qs_input_open_growing (self->path, NULL, &error);
      g_assert_no_error (error);
      int writer = g_open (self->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
      g_assert_cmpint (writer, >=, 0);
      qs_input_set_patience (input, 1);
      g_assert_cmpint (write (writer, QLOG, sizeof QLOG - 1), ==, sizeof QLOG - 1);
      if (gone)
        close (writer);
      g_assert_true (qs_input_peek (input, &bytes, &length, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (length, >, 0);
      g_assert_cmpmem (bytes, length, QLOG, length);
      if (!gone)
        close (writer);
    }
}

/* --- gzip --- */

static GBytes *
compress (const void *bytes, gsize length)
{
  g_autoptr (GConverter) converter = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 1));
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) stream = g_converter_output_stream_new (memory, converter);

  g_assert_true (g_output_stream_write_all (stream, bytes, length, NULL, NULL, NULL));
  g_assert_true (g_output_stream_close (stream, NULL, NULL));
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

static char *
read_data (const char *name, gsize *length)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  char *contents = NULL;

  g_assert_true (g_file_get_contents (path, &contents, length, NULL));
  return contents;
}

static void
test_gzip (Fixture *self, gconstpointer data)
{
  gsize length, packed_length;
  g_autofree char *plain = read_data ("ngtcp2-client.sqlog", &length);
  g_autoptr (GByteArray) twice = g_byte_array_new ();
  g_autoptr (GBytes) whole = compress (plain, length);
  g_autoptr (GError) error = NULL;
  const guint8 *packed = g_bytes_get_data (whole, &packed_length);

  put (self, packed, packed_length);
  g_autoptr (GPtrArray) traces = load (self->path, &error);
  guint n_packets = qs_trace_get_n_packets (traces->pdata[0]);
  g_assert_cmpuint (n_packets, >, 20);

  /* Cut off: what is there is shown, with a note. */
  put (self, packed, packed_length * 2 / 3);
  g_autoptr (GPtrArray) part = load (self->path, &error);
  g_assert_cmpuint (qs_trace_get_n_packets (part->pdata[0]), <, n_packets);
  const QsMark *note = qs_trace_find_mark (part->pdata[0], QS_MARK_NOTE, "file", NULL);
  g_assert_nonnull (strstr (note->text, "cut off"));

  /* Two members, cut where it is inconvenient. */
  g_autoptr (GBytes) first = compress (plain, length / 2), second = compress (plain + length / 2, length - length / 2);
  g_byte_array_append (twice, g_bytes_get_data (first, NULL), (guint) g_bytes_get_size (first));
  g_byte_array_append (twice, g_bytes_get_data (second, NULL), (guint) g_bytes_get_size (second));
  put (self, twice->data, twice->len);
  g_autoptr (GPtrArray) joined = load (self->path, &error);
  g_assert_cmpuint (qs_trace_get_n_packets (joined->pdata[0]), ==, n_packets);
}

static const struct {
  const char *name;
  int (*add) (struct archive *archive);
} packings[] = {
  { "zstd", archive_write_add_filter_zstd },
  { "xz", archive_write_add_filter_xz },
  { "lz4", archive_write_add_filter_lz4 },
  { "bzip2", archive_write_add_filter_bzip2 },
};

static GBytes *
pack (guint packing, const void *bytes, gsize length)
{
  gsize room = length + (64u << 10), used = 0;
  g_autofree guint8 *out = g_malloc (room);
  struct archive *archive = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();

  g_assert_cmpint (packings[packing].add (archive), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_set_format_raw (archive), ==, ARCHIVE_OK);
  archive_write_set_bytes_in_last_block (archive, 1);
  g_assert_cmpint (archive_write_open_memory (archive, out, room, &used), ==, ARCHIVE_OK);
  archive_entry_set_filetype (entry, AE_IFREG);
  g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_data (archive, bytes, length), ==, (la_ssize_t) length);
  g_assert_cmpint (archive_write_close (archive), ==, ARCHIVE_OK);
  archive_entry_free (entry);
  archive_write_free (archive);
  return g_bytes_new (out, used);
}

/* What other programs pack, whole and cut off. */
static void
test_packed (Fixture *self, gconstpointer data)
{
  gsize length, packed_length;
  g_autofree char *plain = read_data ("ngtcp2-client.sqlog", &length);

  for (guint i = 0; i < G_N_ELEMENTS (packings); i++)
    {
      g_autoptr (GBytes) whole = pack (i, plain, length);
      g_autoptr (GError) error = NULL;
      const guint8 *packed = g_bytes_get_data (whole, &packed_length);

      g_test_message ("%s: %zu of %zu bytes", packings[i].name, packed_length, length);
      put (self, packed, packed_length);
      g_autoptr (GPtrArray) traces = load (self->path, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (qs_trace_get_n_packets (traces->pdata[0]), >, 20);
      put (self, packed, 12);
      assert_refused (self->path, "cut off");
    }
}

/* A gigabyte in a megabyte. */
static void
test_gzip_bomb (Fixture *self, gconstpointer data)
{
  g_autoptr (GByteArray) bomb = g_byte_array_new ();
  g_autofree char *zeros = g_malloc0 (16u << 20);
  g_autoptr (GBytes) start = compress (PCAP, sizeof PCAP - 1), piece = compress (zeros, 16u << 20);

  g_byte_array_append (bomb, g_bytes_get_data (start, NULL), (guint) g_bytes_get_size (start));
  for (guint i = 0; i < 64; i++)
    g_byte_array_append (bomb, g_bytes_get_data (piece, NULL), (guint) g_bytes_get_size (piece));
  put (self, bomb->data, bomb->len);
  assert_refused (self->path, "no bytes");
}

/* --- While it changes --- */

static gpointer
append_in_thread (gpointer data)
{
  Fixture *self = data;
  int fd = g_open (self->path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
  static const char event[] = "{\"time\":1,\"name\":\"quic:packet_sent\",\"data\":{\"header\":{\"packet_type\":"
                              "\"1RTT\",\"packet_number\":1}}}\n";

  for (guint i = 0; i < 20000; i++)
    g_assert_cmpint (write (fd, event, sizeof event - 1), ==, sizeof event - 1);
  close (fd);
  g_atomic_int_set (&self->written, 1);
  return NULL;
}

/* Its end may be anywhere, in an event even. */
static void
test_growing (Fixture *self, gconstpointer data)
{
  put (self, QLOG, sizeof QLOG - 1);
  GThread *thread = g_thread_new ("append", append_in_thread, self);

  while (!g_atomic_int_get (&self->written))
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) traces = load (self->path, &error);
    }
  g_thread_join (thread);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = load (self->path, &error);
  g_assert_cmpuint (qs_trace_get_n_packets (traces->pdata[0]), ==, 20000);
}

/* --- Every length of a good file --- */

static void
test_cut (Fixture *self, gconstpointer name)
{
  gsize length;
  g_autofree char *contents = read_data (name, &length);

  for (gsize n = 0; n < length; n += n < 600 ? 1 : 61)
    {
      g_autoptr (GError) error = NULL;

      put (self, contents, n);
      g_autoptr (GPtrArray) traces = qs_trace_file_load (self->path, NULL, NULL, &error);
      g_assert_true ((traces == NULL) == (error != NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func, data) g_test_add ("/hostile/" name, Fixture, data, set_up, func, tear_down)
  ADD ("bytes", test_bytes, NULL);
  ADD ("deep", test_deep, NULL);
  ADD ("endless", test_endless, NULL);
  ADD ("sparse", test_sparse, NULL);
  ADD ("not-files", test_not_files, NULL);
  ADD ("writers", test_writers, NULL);
  ADD ("gzip", test_gzip, NULL);
  ADD ("packed", test_packed, NULL);
  ADD ("gzip-bomb", test_gzip_bomb, NULL);
  ADD ("growing", test_growing, NULL);
  ADD ("cut-qlog", test_cut, "ngtcp2-client.sqlog");
  ADD ("cut-pcapng", test_cut, "ngtcp2-retry.pcapng");
  return g_test_run ();
}
