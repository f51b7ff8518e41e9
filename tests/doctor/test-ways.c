/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor/qs-doctor-ways.h"
#include "doctor/qs-doctor.h"

#include "wire/qs-https-record.h"

static char *
describe (const QsDoctorFacts *facts)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < facts->ways->len; i++)
    {
      const QsWay *way = facts->ways->pdata[i];
      g_string_append_printf (text, "%s%s %s %s %u%s%s", i > 0 ? ", " : "", qs_way_source_name (way->source),
                              way->protocol != NULL ? way->protocol : "-", way->host, (guint) way->port,
                              way->own_name ? "" : " elsewhere", way->by_alias ? " by-alias" : "");
    }
  return g_string_free (text, FALSE);
}

static void
test_alt_svc (void)
{
  g_autoptr (QsDoctorFacts) facts = qs_doctor_facts_new ("example.org", 443);

  qs_doctor_read_alt_svc (facts, "h3=\":443\"; ma=60, h3=\"alt.example:8443\", h3-29=\":443\", h2=\":444\"");
  qs_doctor_read_alt_svc (facts, "h3=\":443\"; ma=60");
  g_autofree char *text = describe (facts);
  g_assert_cmpstr (text, ==,
                   "alt-svc h3 example.org 443, alt-svc h3 alt.example 8443 elsewhere, alt-svc h3-29 example.org 443");
  g_assert_cmpint (((QsWay *) facts->ways->pdata[0])->max_age, ==, 60);
  g_assert_cmpuint (facts->alt_svc->len, ==, 2);
  g_assert_false (facts->clear);
  qs_doctor_read_alt_svc (facts, "clear");
  g_assert_true (facts->clear);
}

static void
test_many (void)
{
  g_autoptr (QsDoctorFacts) facts = qs_doctor_facts_new ("example.org", 443);

  for (guint i = 1; i < 100; i++)
    {
      g_autofree char *value = g_strdup_printf ("h3=\":%u\"", i);
      qs_doctor_read_alt_svc (facts, value);
    }
  g_assert_cmpuint (facts->ways->len, ==, QS_DOCTOR_MOST_WAYS);
  g_assert_cmpuint (facts->alt_svc->len, <=, 8);
}

static void
add_record (GPtrArray *records, const char *rdata, gsize length)
{
  QsHttpsRecord *record = qs_https_record_parse (QS_SPAN ((const guint8 *) rdata, length), NULL);

  g_assert_nonnull (record);
  g_ptr_array_add (records, record);
}

#define RECORD(records, bytes) add_record (records, bytes, sizeof (bytes) - 1)

static void
test_records (void)
{
  g_autoptr (QsDoctorFacts) facts = qs_doctor_facts_new ("example.org", 443);
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_https_record_free);

  RECORD (records, "\x00\x01\x00\x00\x01\x00\x06\x02h3\x02h2\x00\x03\x00\x02\x20\xfb");
  RECORD (records, "\x00\x02\x00\x00\x01\x00\x03\x02h2");
  RECORD (records, "\x00\x00\x04pool\x04test\x00");
  RECORD (records, "\x00\x01\x04pool\x04test\x00\x00\x01\x00\x03\x02h3");
  qs_doctor_read_records (facts, records);
  g_autofree char *text = describe (facts);
  g_assert_cmpstr (text, ==,
                   "https-record h3 example.org 8443, https-record - example.org 443, "
                   "https-record h3 pool.test 443 elsewhere by-alias");
  g_assert_cmpuint (facts->records->len, ==, 4);
  g_assert_cmpstr (qs_dns_state_name (facts->dns), ==, "answered");
  g_ptr_array_set_size (records, 0);
  qs_doctor_read_records (facts, records);
  g_assert_cmpstr (qs_dns_state_name (facts->dns), ==, "none");
}

static const char *const *environment; /* name, value, …, NULL */

static const char *
get_variable (const char *name)
{
  for (guint i = 0; environment[i] != NULL; i += 2)
    if (g_str_equal (environment[i], name))
      return environment[i + 1];
  return NULL;
}

static void
test_proxy (void)
{
  static const struct {
    const char *variables[7];
    const char *proxy;
  } cases[] = {
    { { NULL }, NULL },
    { { "https_proxy", "http://p.test:1" }, "http://p.test:1" },
    { { "HTTPS_PROXY", "http://p.test:1" }, "http://p.test:1" },
    { { "https_proxy", "", "ALL_PROXY", "socks5://s.test" }, "socks5://s.test" },
    { { "https_proxy", "http://me:secret@p.test:1" }, "p.test:1" },
    { { "http_proxy", "http://p.test:1" }, NULL }, /* that is for http:// */
    { { "https_proxy", "p", "no_proxy", "example.org" }, NULL },
    { { "https_proxy", "p", "no_proxy", "a, .example.org,b" }, NULL },
    { { "https_proxy", "p", "NO_PROXY", "org" }, NULL },
    { { "https_proxy", "p", "no_proxy", "*" }, NULL },
    { { "https_proxy", "p", "no_proxy", "ample.org,w.example.org," }, "p" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      environment = cases[i].variables;
      g_autofree char *proxy = qs_doctor_find_proxy ("example.org", get_variable);
      g_assert_cmpstr (proxy, ==, cases[i].proxy);
    }
}

static void
test_targets (void)
{
  static const struct {
    const char *text, *url;
    gboolean plain;
  } cases[] = {
    { "https://example.org/a", "https://example.org:443/a", FALSE },
    { "example.org", "https://example.org:443/", FALSE },
    { "example.org:8443", "https://example.org:8443/", FALSE },
    { "HTTPS://example.org", "https://example.org:443/", FALSE },
    { "http://example.org/a", "https://example.org:443/a", TRUE },
    { "http://example.org:80/", "https://example.org:443/", TRUE },
    { "http://[2001:db8::1]:8080/", "https://[2001:db8::1]:8080/", TRUE },
    { "quic://example.org", NULL, FALSE },
    { "tls://example.org", NULL, FALSE },
    { "http://", NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean plain;
      g_autoptr (QsTarget) target = qs_doctor_target_new (cases[i].text, &plain, &error);
      if (cases[i].url == NULL)
        {
          g_assert_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpstr (qs_target_to_string (target), ==, cases[i].url);
      g_assert_cmpint (plain, ==, cases[i].plain);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/doctor/ways/alt-svc", test_alt_svc);
  g_test_add_func ("/doctor/ways/many", test_many);
  g_test_add_func ("/doctor/ways/records", test_records);
  g_test_add_func ("/doctor/ways/proxy", test_proxy);
  g_test_add_func ("/doctor/ways/targets", test_targets);
  return g_test_run ();
}
