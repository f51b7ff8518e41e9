/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * QsHtmlMaking: a page in the making, part by part: at once, or in slices between frames of the window. A kind of page has a
 * struct that begins with this one, and its class.
 */
typedef struct _QsHtmlMaking QsHtmlMaking;

/* Of the page: called again until it returns TRUE. deadline: monotonic microseconds after which it returns FALSE where it is
 * not done; 0: none. */
typedef gboolean (*QsHtmlPart) (gpointer making, gint64 deadline);

typedef struct {
  const char *source_name; /* of the slices */
  const QsHtmlPart *parts; /* one after the other */
  guint n_parts;
  void (*clear) (gpointer making); /* what the kind has beside this */
} QsHtmlMakingClass;

struct _QsHtmlMaking {
  const QsHtmlMakingClass *klass;
  GString *page;
  char *path;
  guint part;
};

/* Allocates size bytes, zeroed: of the kind's struct. */
gpointer qs_html_making_new (const QsHtmlMakingClass *klass, gsize size);

/* Each makes the page and frees making. */
char *qs_html_making_to_string (QsHtmlMaking *making);
/* A file whole or not at all, see QsFileWriter. */
gboolean qs_html_making_write (QsHtmlMaking *making, const char *path, GError **error);
void qs_html_making_write_async (QsHtmlMaking *making, const char *path, GAsyncReadyCallback callback, gpointer data);
gboolean qs_html_making_write_finish (GAsyncResult *result, GError **error);

G_END_DECLS
