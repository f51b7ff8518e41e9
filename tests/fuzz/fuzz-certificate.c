/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "certs/qs-certificate.h"
#include "fuzz.h"
#include "wire/qs-describe.h"

/* A certificate of a peer's, opened up into fields and sections. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) der = g_bytes_new (data, size);
  g_autoptr (QsCertificate) certificate = qs_certificate_new_from_der (der, NULL);
  g_autoptr (QsField) tree = qs_describe_certificate (QS_SPAN (data, size), QS_FIELD_IN_MESSAGE, 0);
  g_autoptr (GPtrArray) ders = qs_certificate_ders_unpack (der);

  check_tree (tree, 0, size);
  if (certificate == NULL)
    return 0;
  g_assert_true (g_utf8_validate (qs_certificate_get_subject (certificate), -1, NULL));
  GPtrArray *sections = qs_certificate_get_sections (certificate);
  for (guint i = 0; i < sections->len; i++)
    {
      const QsCertificateSection *section = sections->pdata[i];
      for (guint f = 0; f < section->fields->len; f++)
        {
          const QsCertificateField *field = section->fields->pdata[f];
          g_assert_true (g_utf8_validate (field->value, -1, NULL));
        }
    }
  return 0;
}
