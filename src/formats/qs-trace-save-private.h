/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-file-writer.h"
#include "formats/qs-trace-save.h"

G_BEGIN_DECLS

typedef enum { QS_SAVE_MORE, QS_SAVE_DONE, QS_SAVE_FAILED } QsSaveStep;

/**
 * QsSaveClass: one file format
 * @begin: makes the state, writes what stands first; NULL with error when this trace cannot be written so. packets: the only ones that
 *   are wanted (guint32, ascending), which stay; NULL: all, and of formats that can write no less always
 * @step: writes one small piece
 */
typedef struct {
  guint mode;
  gpointer (*begin) (QsTrace *trace, const char *path, const GArray *packets, QsFileWriter *out, GError **error);
  QsSaveStep (*step) (gpointer state, QsFileWriter *out, GError **error);
  void (*free) (gpointer state);
} QsSaveClass;

extern const QsSaveClass qs_pcapng_save_class;
extern const QsSaveClass qs_qlog_save_class;
extern const QsSaveClass qs_sqlog_save_class;
extern const QsSaveClass qs_key_log_save_class;

G_END_DECLS
