/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/mman.h>
#include <unistd.h>

#include "checks/qs-card-text.h"
#include "fuzz.h"

/* A report card that was kept, which --baseline names and the window compares with. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, size), ==, (gssize) size);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (QsCardRecord) record = qs_card_record_read (path, &error);
  g_autoptr (GHashTable) failed = qs_card_baseline_read (path, NULL);
  close (fd);
  g_assert_true ((failed == NULL) == (error != NULL));
  g_assert_true ((record == NULL) == (error != NULL));
  g_assert_true (record == NULL || g_utf8_validate (qs_card_record_get_target (record), -1, NULL));
  g_assert_true (error == NULL || g_utf8_validate (error->message, -1, NULL));
  return 0;
}
