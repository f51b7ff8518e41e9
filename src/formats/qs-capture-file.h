/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-capture.h"
#include "formats/qs-input.h"

G_BEGIN_DECLS

/* The readers of capture files. Each reads to the file's end, or to what it cannot go on behind: then with
 * an error, which says where. What was read until there is in capture all the same. */

/* By its contents one of those below, *format: "pcapng", "pcap", "snoop". QS_ERROR_UNSUPPORTED: none of them. */
gboolean qs_capture_read (QsInput *input, QsCapture *capture, const char **format, GError **error);

gboolean qs_pcapng_is (const guint8 *start, gsize length);
gboolean qs_pcapng_read (QsInput *input, QsCapture *capture, GError **error);

/* Sun's snoop (RFC 1761). */
gboolean qs_snoop_is (const guint8 *start, gsize length);
gboolean qs_snoop_read (QsInput *input, QsCapture *capture, GError **error);

/* Classic pcap, with times in micro- or nanoseconds, of both byte orders. */
gboolean qs_pcap_is (const guint8 *start, gsize length);
gboolean qs_pcap_read (QsInput *input, QsCapture *capture, GError **error);

G_END_DECLS
