/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsMappedFile:
 *
 * A file's bytes where they are: none is copied, and what is not looked at takes no memory. Counted references, any thread.
 *
 * Another program may shorten the file meanwhile. What was behind its new end then reads as zeros (by itself it would end us with
 * SIGBUS), and qs_mapped_file_is_cut() tells it from what the file holds. One that is written over in place shows its new bytes:
 * whoever reads them has to bound each step by what was mapped, not by what an earlier look at them said.
 */
typedef struct _QsMappedFile QsMappedFile;

/* fd: a regular file, the caller's to close; %NULL where it cannot be mapped, or has no bytes. */
QsMappedFile *qs_mapped_file_new (int fd);
QsMappedFile *qs_mapped_file_ref (QsMappedFile *self);
void qs_mapped_file_unref (QsMappedFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsMappedFile, qs_mapped_file_unref)

const guint8 *qs_mapped_file_get_bytes (const QsMappedFile *self);
gsize qs_mapped_file_get_size (const QsMappedFile *self); /* when it was mapped */
gboolean qs_mapped_file_contains (const QsMappedFile *self, const guint8 *bytes, gsize length);
/* Looks whether the file has become shorter. */
void qs_mapped_file_look (QsMappedFile *self);
/* Whether any of these bytes were behind the end of a file that has become shorter, as far as is known. */
gboolean qs_mapped_file_is_cut (const QsMappedFile *self, const guint8 *bytes, gsize length);
/* Who reads a large file from here on has what comes next mapped by another thread meanwhile, and does not wait for one page after the
 * other. To be said now and then, by one thread. */
void qs_mapped_file_expect (QsMappedFile *self, const guint8 *from);
/* These will not be looked at soon: the system may have their memory. They can be looked at all the same. */
void qs_mapped_file_pass (QsMappedFile *self, const guint8 *from, const guint8 *to);

G_END_DECLS
