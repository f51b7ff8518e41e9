/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-run-record.h"

G_BEGIN_DECLS

/* Tags of items. */
#define QS_RUN_ITEM_RUN 'R'      /* version, vantage, origin, n_carriers, kept, title */
#define QS_RUN_ITEM_PATH 'P'     /* local, remote: known, address, port, scope */
#define QS_RUN_ITEM_MARK 'M'     /* time, kind, then members */
#define QS_RUN_ITEM_NOT_KEPT 'N' /* datagrams, bytes, marks that were counted and not kept */
#define QS_RUN_ITEM_SEGMENTS 'S' /* direction, path, time, length, kept: of each */

#define QS_RUN_VERSION 1
#define QS_RUN_END_SIZE (1 + 16 + 2 + 4)
#define QS_RUN_SEGMENT_SIZE (1 + 2 + 8 + 4 + 4)

/* Members of a mark: absent ones are as in an empty mark (numbers 0, codes and stream -1). */
enum {
  QS_RUN_NAME = 1,
  QS_RUN_TEXT,
  QS_RUN_VALUE,
  QS_RUN_STREAM,
  QS_RUN_FRAME_TYPE,
  QS_RUN_APPLICATION,
  QS_RUN_BYTES,
  QS_RUN_READ_STATE, /* states by name */
  QS_RUN_WRITE_STATE,
  QS_RUN_READ_ERROR,
  QS_RUN_WRITE_ERROR,
  QS_RUN_RECEIVED,
  QS_RUN_SENT,
};

G_END_DECLS
