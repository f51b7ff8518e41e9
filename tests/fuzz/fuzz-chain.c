/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/qs-fault.h"
#include "fuzz.h"

/* Two bytes of length and so many, from the front of *rest; what is claimed beyond the end is not there. */
static QsSpan
take (QsSpan *rest)
{
  gsize length = rest->length >= 2 ? (gsize) rest->data[0] << 8 | rest->data[1] : 0;
  gsize begin = MIN (rest->length, 2);
  QsSpan part = QS_SPAN (rest->data + begin, MIN (length, rest->length - begin));

  *rest = QS_SPAN (part.data + part.length, rest->length - begin - part.length);
  return part;
}

static void
check_section (const QsCertificateSection *section)
{
  for (guint i = 0; i < section->fields->len; i++)
    g_assert_true (g_utf8_validate (((const QsCertificateField *) section->fields->pdata[i])->value, -1, NULL));
}

/* A chain, an OCSP answer, SCTs and the record of a verification, as a hostile server or file has them. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  QsSpan rest = QS_SPAN (data, size);
  QsSpan chain_bytes = take (&rest), staple_bytes = take (&rest), scts = take (&rest);
  g_autoptr (GBytes) packed = g_bytes_new (chain_bytes.data, chain_bytes.length);
  g_autoptr (GBytes) record = g_bytes_new (rest.data, rest.length);
  g_autoptr (GPtrArray) ders = qs_certificate_ders_unpack (packed);
  g_autoptr (GPtrArray) chain = qs_certificate_chain_new (ders);

  for (guint with_record = 0; with_record < 2; with_record++)
    {
      g_autoptr (GPtrArray) faults = qs_chain_find_faults (&(QsChainFacts){ .chain = chain,
                                                                            .host = "www.example.net",
                                                                            .now_s = 1790000000,
                                                                            .code = size > 0 ? data[size - 1] : 0,
                                                                            .record = with_record ? record : NULL,
                                                                            .asked = TRUE,
                                                                            .staple = staple_bytes,
                                                                            .scts = scts });
      for (guint i = 0; i < faults->len; i++)
        g_assert_true (g_utf8_validate (((const QsFault *) faults->pdata[i])->sentence, -1, NULL));
    }
  g_autoptr (QsCertificateSection) section = qs_scts_section_new (scts);
  if (section != NULL)
    check_section (section);
  if (chain->len == 0)
    return 0;
  g_autoptr (QsStaple) staple = qs_staple_new (staple_bytes, chain->pdata[0], chain, 1790000000);
  check_section (staple->section);
  return 0;
}
