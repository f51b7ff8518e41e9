/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-body.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-file-writer.h"

#define LONGEST_LINE 4096 /* bytes that wait for the end of their line */

struct _QuicprobeBody {
  QsProbe *probe;
  QsFileWriter *writer; /* --output */
  gboolean to_stdout;
  gboolean to_terminal;
  gboolean printed;
  GString *line; /* for a terminal: not whole yet */
  GError *error; /* the first one */
};

static void
print_line (QuicprobeBody *body, gboolean ended)
{
  if (body->line->len == 0 && !ended)
    return;
  if (body->line->len > 0 && body->line->str[body->line->len - 1] == '\r')
    g_string_truncate (body->line, body->line->len - 1);
  g_autofree char *text = qs_text_escape (body->line->str, (gssize) body->line->len);
  puts (text);
  g_string_truncate (body->line, 0);
}

static void
print_escaped (QuicprobeBody *body, const char *bytes, gsize size)
{
  for (const char *at = bytes, *end = bytes + size; at < end;)
    {
      const char *newline = memchr (at, '\n', (gsize) (end - at));
      const char *stop = newline != NULL ? newline : end;
      g_string_append_len (body->line, at, stop - at);
      if (newline != NULL || body->line->len > LONGEST_LINE)
        print_line (body, TRUE);
      at = newline != NULL ? newline + 1 : end;
    }
}

static void
print_bytes (QuicprobeBody *body, const char *bytes, gsize size)
{
  body->printed = TRUE;
  if (body->to_terminal)
    print_escaped (body, bytes, size);
  else if (fwrite (bytes, 1, size, stdout) != size)
    g_set_error (&body->error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("Standard output cannot be written: %s"),
                 g_strerror (errno));
}

/* Whoever reads standard output may have gone away, or the disk be full: nothing more is wanted then. */
static void
body_cb (QsProbe *probe, GBytes *bytes, QuicprobeBody *body)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (bytes, &size);

  if (body->error != NULL || size == 0)
    return;
  if (body->writer != NULL)
    qs_file_writer_write (body->writer, data, size, &body->error);
  else if (body->to_stdout)
    print_bytes (body, data, size);
  if (body->error != NULL && !qs_probe_get_finished (probe))
    qs_probe_stop (probe);
}

QuicprobeBody *
quicprobe_body_new (QsProbe *probe, const QuicprobeOptions *options, GError **error)
{
  g_autoptr (QuicprobeBody) body = g_new0 (QuicprobeBody, 1);

  body->probe = g_object_ref (probe);
  body->line = g_string_new (NULL);
  body->to_stdout = quicprobe_options_wants_body (options);
  body->to_terminal = isatty (STDOUT_FILENO);
  if (options->output != NULL)
    {
      body->writer = qs_file_writer_new (options->output, 0666, error);
      if (body->writer == NULL)
        return NULL;
    }
  g_signal_connect (probe, "body", G_CALLBACK (body_cb), body);
  return g_steal_pointer (&body);
}

gboolean
quicprobe_body_finish (QuicprobeBody *body, gboolean succeeded, GError **error)
{
  if (body->to_terminal)
    print_line (body, FALSE);
  if (fflush (stdout) != 0 && body->error == NULL && body->printed)
    g_set_error (&body->error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("Standard output cannot be written: %s"),
                 g_strerror (errno));
  if (body->error == NULL && body->writer != NULL && succeeded)
    qs_file_writer_finish (body->writer, &body->error);
  if (body->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&body->error));
  return FALSE;
}

gboolean
quicprobe_body_was_printed (const QuicprobeBody *body)
{
  return body->printed;
}

void
quicprobe_body_free (QuicprobeBody *body)
{
  g_signal_handlers_disconnect_by_data (body->probe, body);
  g_object_unref (body->probe);
  g_clear_pointer (&body->writer, qs_file_writer_free);
  g_string_free (body->line, TRUE);
  g_clear_error (&body->error);
  g_free (body);
}
