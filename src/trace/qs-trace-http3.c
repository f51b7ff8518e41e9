/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-trace-http3.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "trace/qs-trace-private.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"

#define MAX_PIECES (1u << 18) /* of 80 bytes: a peer can make frames of two */
#define PIECE_COST 240        /* with its places in the tables, and what the allocator adds */
#define BYTES_COST 112        /* of a GBytes without what it holds */

typedef struct {
  guint64 stream;
  QsDirection direction;
} Key;

struct _QsHttp3Pieces {
  GPtrArray *all;
  GHashTable *streams; /* Key -> GPtrArray, not owned, by offset */
  GHashTable *packets; /* packet -> index of the first one that it completed, plus 1 */
};

static guint
key_hash (gconstpointer data)
{
  const Key *key = data;

  return g_int64_hash (&key->stream) * 2 + key->direction;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  const Key *left = a, *right = b;

  return left->stream == right->stream && left->direction == right->direction;
}

void
qs_http3_piece_free (QsHttp3Piece *piece)
{
  if (piece == NULL)
    return;
  g_clear_pointer (&piece->bytes, g_bytes_unref);
  g_strfreev (piece->lines);
  g_free (piece);
}

static QsHttp3Pieces *
ensure (QsTrace *self)
{
  if (self->http3 == NULL)
    {
      self->http3 = g_new0 (QsHttp3Pieces, 1);
      self->http3->all = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_http3_piece_free);
      self->http3->streams = g_hash_table_new_full (key_hash, key_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
      self->http3->packets = g_hash_table_new (NULL, NULL);
    }
  return self->http3;
}

void
qs_http3_pieces_free (QsHttp3Pieces *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->streams);
  g_hash_table_unref (self->packets);
  g_ptr_array_unref (self->all);
  g_free (self);
}

static GPtrArray *
stream_of (QsHttp3Pieces *self, guint64 stream, QsDirection direction, gboolean make)
{
  const Key key = { stream, direction };
  GPtrArray *pieces = g_hash_table_lookup (self->streams, &key);

  if (pieces == NULL && make)
    {
      pieces = g_ptr_array_new ();
      g_hash_table_insert (self->streams, g_memdup2 (&key, sizeof key), pieces);
    }
  return pieces;
}

gboolean
qs_trace_add_http3 (QsTrace *self, QsHttp3Piece *piece)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && piece != NULL, FALSE);

  QsHttp3Pieces *pieces = ensure (self);
  gsize size = piece->bytes != NULL ? g_bytes_get_size (piece->bytes) + BYTES_COST : 0;
  if (pieces->all->len >= MAX_PIECES || !qs_trace_charge (self, PIECE_COST + size))
    {
      qs_http3_piece_free (piece);
      return FALSE;
    }
  GPtrArray *stream = stream_of (pieces, piece->stream, piece->direction, TRUE);
  /* Of two connections in one trace the later one counts. */
  if (stream->len > 0 && ((const QsHttp3Piece *) g_ptr_array_index (stream, stream->len - 1))->offset >= piece->offset)
    g_ptr_array_set_size (stream, 0);
  g_ptr_array_add (stream, piece);
  g_ptr_array_add (pieces->all, piece);
  if (!g_hash_table_contains (pieces->packets, GUINT_TO_POINTER (piece->packet)))
    g_hash_table_insert (pieces->packets, GUINT_TO_POINTER (piece->packet), GUINT_TO_POINTER (pieces->all->len));
  qs_trace_changed (self);
  return TRUE;
}

guint
qs_trace_get_n_http3 (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);

  return self->http3 != NULL ? self->http3->all->len : 0;
}

const QsHttp3Piece *
qs_trace_get_http3 (QsTrace *self, guint index)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);
  g_assert (self->http3 != NULL && index < self->http3->all->len);

  return g_ptr_array_index (self->http3->all, index);
}

GPtrArray *
qs_trace_list_http3 (QsTrace *self, guint64 stream, QsDirection direction, guint64 from, guint64 to)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);

  GPtrArray *pieces = self->http3 != NULL ? stream_of (self->http3, stream, direction, FALSE) : NULL;
  if (pieces == NULL)
    return NULL;

  guint low = 0, high = pieces->len;
  while (low < high) /* the first one that ends behind from */
    {
      guint middle = low + (high - low) / 2;
      const QsHttp3Piece *piece = g_ptr_array_index (pieces, middle);
      if (piece->offset + piece->length <= from)
        low = middle + 1;
      else
        high = middle;
    }
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  for (; low < pieces->len && ((const QsHttp3Piece *) g_ptr_array_index (pieces, low))->offset < to; low++)
    g_ptr_array_add (found, g_ptr_array_index (pieces, low));
  return found->len > 0 ? g_steal_pointer (&found) : NULL;
}

guint
qs_trace_find_http3_of_packet (QsTrace *self, guint packet, guint *first)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && first != NULL, 0);

  guint n = 0, at = self->http3 != NULL
                        ? GPOINTER_TO_UINT (g_hash_table_lookup (self->http3->packets, GUINT_TO_POINTER (packet)))
                        : 0;
  if (at == 0)
    return 0;
  *first = at - 1;
  while (*first + n < self->http3->all->len && qs_trace_get_http3 (self, *first + n)->packet == packet)
    n++;
  return n;
}

/* --- In words --- */

static const char *
find_line (const QsHttp3Piece *piece, const char *name)
{
  for (guint i = 0; piece->lines != NULL && piece->lines[i] != NULL && piece->lines[i + 1] != NULL; i += 2)
    if (g_str_equal (piece->lines[i], name))
      return piece->lines[i + 1];
  return NULL;
}

static char *
describe_frame (const QsHttp3Piece *piece)
{
  const char *known = qs_http3_frame_type_name (piece->type);
  g_autofree char *name =
      known != NULL ? g_strdup (known) : g_strdup_printf (_ ("unknown frame 0x%" PRIx64), piece->type);
  const char *method = find_line (piece, ":method"), *path = find_line (piece, ":path");
  const char *status = find_line (piece, ":status");

  if (method != NULL)
    return g_strjoin (" ", name, method, path != NULL ? path : "", NULL);
  return status != NULL ? g_strjoin (" ", name, status, NULL) : g_steal_pointer (&name);
}

char *
qs_http3_piece_describe (const QsHttp3Piece *piece)
{
  g_return_val_if_fail (piece != NULL, NULL);

  const char *type;
  switch (piece->kind)
    {
    case QS_HTTP3_PIECE_STREAM_TYPE:
      type = qs_http3_stream_type_name (piece->type);
      /* Translators: what an HTTP/3 stream is for, as "control stream" */
      return g_strdup_printf (_ ("%s stream"), type != NULL ? type : _ ("unknown"));
    case QS_HTTP3_PIECE_ENCODER:
    case QS_HTTP3_PIECE_DECODER:
      return g_strconcat (
          "QPACK ", qs_qpack_instruction_name ((guint8) piece->type, piece->kind == QS_HTTP3_PIECE_ENCODER), NULL);
    case QS_HTTP3_PIECE_FRAME:
    default:
      return describe_frame (piece);
    }
}
