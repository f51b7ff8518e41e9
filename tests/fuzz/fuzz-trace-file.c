/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/mman.h>
#include <unistd.h>

#include "charts/qs-sequence.h"
#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"
#include "fuzz.h"
#include "study/qs-study.h"

/* fontconfig keeps what it read until the end, out of a leak checker's sight. */
const char *__lsan_default_suppressions (void);

const char *
__lsan_default_suppressions (void)
{
  return "leak:libfontconfig\nleak:libpango\n";
}

/* What was read is written in every format, and laid out as a picture. */
static void
use_trace (QsTrace *trace)
{
  for (QsTraceFormat format = 0; format < QS_N_TRACE_FORMATS; format++)
    qs_trace_save (trace, "/dev/null", format, NULL);
  for (QsSequenceTime time = QS_SEQUENCE_EVEN; time <= QS_SEQUENCE_TO_SCALE; time++)
    {
      QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;
      QsSequenceHit hit;

      options.time = time;
      g_autoptr (QsSequenceLayout) layout = qs_sequence_layout_new (trace, &options);
      qs_sequence_layout_advance (layout, 0);
      for (guint i = 0; qs_sequence_layout_get_item (layout, i, &hit); i++)
        {
          g_autofree char *words = qs_sequence_layout_describe (layout, &hit);
          g_assert_true (g_utf8_validate (words, -1, NULL));
        }
    }
}

/* All that is said of it. */
static void
tell_of (QsTrace *trace)
{
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  qs_study_settle (study);
  g_assert_nonnull (qs_study_get_steps (study));
  json_node_take_object (node, qs_study_to_json (study));
  g_autofree char *text = qs_study_json_to_text (node);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    g_assert_true (*at == '\n' || !g_unichar_iscntrl (g_utf8_get_char (at)));
}

/* A capture or a qlog that somebody sent: read, dissected, and every packet's frames asked for. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, size), ==, (gssize) size);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);

  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, NULL, NULL, &error);
  g_assert_true ((traces == NULL) == (error != NULL));
  for (guint i = 0; traces != NULL && i < traces->len; i++)
    {
      QsTrace *trace = traces->pdata[i];
      if (qs_trace_get_n_datagrams (trace) > 0)
        {
          g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
          qs_dissector_advance (dissector, 0);
          qs_dissector_finish (dissector);
        }
      for (guint p = 0; p < qs_trace_get_n_packets (trace); p++)
        {
          g_autoptr (GBytes) payload = NULL;
          g_autoptr (GArray) frames = qs_trace_dup_frames (trace, p, &payload);
          g_assert_nonnull (frames);
        }
      use_trace (trace);
      tell_of (trace);
    }
  close (fd);
  return 0;
}
