/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures of connections in which all went well, damaged in every way that a capture is: cut at either end, one side lost, packets left
 * out, cut short, in another order, twice. None of it shows that anything went wrong, so no finding may be an error.
 * A capture of a connection that failed may not be made to name another failure. */
#include <string.h>

#include "capture-kit.h"

#define N_SEEDS 24

/* --- What is said of it --- */

typedef struct {
  const Capture *capture;
  File *file;
  GHashTable *allowed; /* ids of errors that the whole capture has */
  guint n_read, n_wrong;
} Work;

static void
look_at (Work *work, QsStudy *study, const char *how, gboolean with_keys)
{
  GPtrArray *findings = qs_study_get_findings (study);

  work->n_read++;
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      if (finding->severity != QS_SEVERITY_ERROR)
        continue;
      if (work->allowed == NULL || g_hash_table_contains (work->allowed, finding->id))
        continue;
      /* The server's alert says that it refused, and was captured; what it had asked for was not. */
      if (g_str_equal (finding->id, "no-common-parameters") &&
          g_hash_table_contains (work->allowed, "client-certificate-required"))
        continue;
      work->n_wrong++;
      g_test_message ("%s, %s, %s keys: %s: %s %s", work->capture->file, how, with_keys ? "with" : "without",
                      finding->id, finding->title, finding->detail);
    }
}

static void
try (Work *work, const GByteArray *bytes, const char *how)
{
  for (guint with_keys = 0; with_keys < 2; with_keys++)
    {
      g_autoptr (GPtrArray) studies = open_bytes (bytes, with_keys ? work->file->keys : NULL, NULL);
      for (guint i = 0; studies != NULL && i < studies->len; i++)
        {
          qs_study_settle (studies->pdata[i]);
          look_at (work, studies->pdata[i], how, with_keys);
        }
    }
}

/* --- Damage --- */

typedef gboolean (*KeepFunc) (const Packet *packet, guint number, gpointer data);

static void
try_some (Work *work, KeepFunc keep, guint32 most, gpointer data, const char *how)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  g_byte_array_append (out, work->file->data, HEAD);
  for (guint i = 0; i < work->file->packets->len; i++)
    if (keep (&g_array_index (work->file->packets, Packet, i), i, data))
      add_packet (out, work->file, &g_array_index (work->file->packets, Packet, i), most);
  try (work, out, how);
}

static gboolean
is_all (const Packet *packet, guint number, gpointer data)
{
  return TRUE;
}

static gboolean
is_before (const Packet *packet, guint number, gpointer data)
{
  return number < GPOINTER_TO_UINT (data);
}

static gboolean
is_not_before (const Packet *packet, guint number, gpointer data)
{
  return number >= GPOINTER_TO_UINT (data);
}

static gboolean
is_of_side (const Packet *packet, guint number, gpointer data)
{
  return packet->by_client == GPOINTER_TO_INT (data);
}

static gboolean
is_not_this (const Packet *packet, guint number, gpointer data)
{
  return number != GPOINTER_TO_UINT (data);
}

typedef struct {
  GRand *random;
  double chance;
} Chance;

static gboolean
has_luck (const Packet *packet, guint number, gpointer data)
{
  Chance *chance = data;

  return g_rand_double (chance->random) >= chance->chance;
}

static void
cut (Work *work)
{
  guint n = work->file->packets->len, step = MAX (n / 40, 1);

  for (guint i = 1; i < n; i += step)
    {
      g_autofree char *before = g_strdup_printf ("its first %u packets", i);
      g_autofree char *after = g_strdup_printf ("from packet %u on", i);
      g_autofree char *without = g_strdup_printf ("without packet %u", i);
      try_some (work, is_before, G_MAXUINT32, GUINT_TO_POINTER (i), before);
      try_some (work, is_not_before, G_MAXUINT32, GUINT_TO_POINTER (i), after);
      try_some (work, is_not_this, G_MAXUINT32, GUINT_TO_POINTER (i), without);
    }
}

static void
lose (Work *work)
{
  static const double chances[] = { 0.05, 0.2, 0.5, 0.8 };

  try_some (work, is_of_side, G_MAXUINT32, GINT_TO_POINTER (TRUE), "the client's side alone");
  try_some (work, is_of_side, G_MAXUINT32, GINT_TO_POINTER (FALSE), "the server's side alone");
  for (guint seed = 0; seed < N_SEEDS; seed++)
    {
      Chance chance = { g_rand_new_with_seed (seed), chances[seed % G_N_ELEMENTS (chances)] };
      g_autofree char *how = g_strdup_printf ("%.0f %% lost, seed %u", 100 * chance.chance, seed);
      try_some (work, has_luck, G_MAXUINT32, &chance, how);
      g_rand_free (chance.random);
    }
}

static void
cut_short (Work *work)
{
  static const guint32 lengths[] = { 64, 96, 128, 256, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *how = g_strdup_printf ("%u bytes of each packet", lengths[i]);
      try_some (work, is_all, lengths[i], NULL, how);
    }
}

/* Some swapped with their neighbours, with their times or in each other's place; some twice. */
static void
mix (Work *work)
{
  for (guint seed = 0; seed < N_SEEDS; seed++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (seed);
      g_autoptr (GByteArray) out = g_byte_array_new ();
      g_autoptr (GArray) packets = g_array_copy (work->file->packets);
      g_autofree char *how = g_strdup_printf ("mixed, seed %u", seed);
      gboolean with_times = (seed & 1) != 0, twice = (seed & 2) != 0;
      for (guint i = 0; i + 1 < packets->len; i++)
        {
          Packet *first = &g_array_index (packets, Packet, i), *second = first + 1, swapped = *first;
          if (g_rand_double (random) >= 0.3)
            continue;
          *first = *second;
          *second = swapped;
        }
      g_byte_array_append (out, work->file->data, HEAD);
      for (guint i = 0; i < packets->len; i++)
        {
          guint start = out->len;
          add_packet (out, work->file, &g_array_index (packets, Packet, i), G_MAXUINT32);
          if (!with_times)
            memcpy (out->data + start, g_array_index (work->file->packets, Packet, i).bytes, 8);
          if (twice && g_rand_double (random) < 0.2)
            {
              guint length = out->len - start;
              g_byte_array_set_size (out, out->len + length); /* may move what is to be copied */
              memcpy (out->data + start + length, out->data + start, length);
            }
        }
      try (work, out, how);
    }
}

static void
damage (const Capture *capture, gboolean good, guint *n_read, guint *n_wrong)
{
  File file;
  g_autoptr (GHashTable) allowed = g_hash_table_new (g_str_hash, g_str_equal);

  file_init (&file, capture);
  Work work = { .capture = capture, .file = &file, .allowed = allowed };
  if (good)
    try_some (&work, is_all, G_MAXUINT32, NULL, "whole");
  cut (&work);
  lose (&work);
  cut_short (&work);
  mix (&work);
  file_clear (&file);
  *n_read += work.n_read;
  *n_wrong += work.n_wrong;
}

static void
test_good (void)
{
  static const Capture captures[] = {
    { "cli/captures/quic-no-keys.pcap", "cli/captures/q.keys" },
    { "cli/captures/quic-version-negotiation-then-v1.pcap", "cli/captures/q.keys" },
    { "cli/captures/zero-rtt-not-taken.pcap", "cli/captures/zero-rtt-not-taken.keys" },
    { "cli/captures/gso-and-zero-length-cid.pcap", "cli/captures/gso-and-zero-length-cid.keys" },
    { "cli/captures/tls13-plain.pcap", "cli/captures/tls13.keys" },
    { "cli/captures/tls13-client-rst-after-close.pcap", "cli/captures/tls13.keys" },
    { "cli/captures/tls12-plain.pcap", "cli/captures/tls12.keys" },
    { "cli/captures/tls12-rsa-cbc.pcap", "cli/captures/tls12-rsa-cbc.keys" },
    { "cli/captures/tls12-warning-alert-unrecognized-name.pcap", "cli/captures/tls12.keys" },
    { "cli/captures/losses-before-the-capture-point.pcap", "cli/captures/losses-before-the-capture-point.keys" },
    { "cli/captures/capture-dropped-packets.pcap", "cli/captures/capture-dropped-packets.keys" },
    { "formats/data/gso-after-migration-new-cid.pcap", "formats/data/gso-after-migration-new-cid.keys" },
  };
  guint n_read = 0, n_wrong = 0;

  for (guint i = 0; i < G_N_ELEMENTS (captures); i++)
    damage (&captures[i], TRUE, &n_read, &n_wrong);
  g_test_message ("%u readings", n_read);
  g_assert_cmpuint (n_read, >, 2000);
  g_assert_cmpuint (n_wrong, ==, 0);
}

/* --- All files that the tests have, whatever they show --- */

static void
allow (GHashTable *allowed, GPtrArray *studies)
{
  for (guint i = 0; studies != NULL && i < studies->len; i++)
    {
      qs_study_settle (studies->pdata[i]);
      GPtrArray *findings = qs_study_get_findings (studies->pdata[i]);
      for (guint j = 0; j < findings->len; j++)
        {
          const QsFinding *finding = findings->pdata[j];
          if (finding->severity == QS_SEVERITY_ERROR)
            g_hash_table_add (allowed, g_strdup (finding->id));
        }
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_files (const char *folder, const char *const *endings)
{
  g_autofree char *path = path_of (folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      for (guint i = 0; endings[i] != NULL; i++)
        if (g_str_has_suffix (name, endings[i]))
          g_ptr_array_add (names, g_strdup_printf ("%s/%s", folder, name));
    }
  g_ptr_array_sort (names, compare_names);
  return names;
}

/* X.keys of X.pcap, or a key log that belongs to several; one of another connection shows less and no more. */
static char *
keys_of (const char *name)
{
  g_autofree char *stem = g_strndup (name, strlen (name) - strlen (".pcap"));
  g_autofree char *keys = g_strconcat (stem, ".keys", NULL);
  g_autofree char *path = path_of (keys);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&keys);
  return g_strdup (strstr (name, "tls12") != NULL   ? "cli/captures/tls12.keys"
                   : strstr (name, "tls13") != NULL ? "cli/captures/tls13.keys"
                                                    : "cli/captures/q.keys");
}

static void
damage_some (const Capture *capture, guint *n_read, guint *n_wrong)
{
  enum { AT_MOST = 12 };
  File file;
  g_autoptr (GHashTable) allowed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  file_init (&file, capture);
  Work work = { .capture = capture, .file = &file, .allowed = allowed };
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  g_byte_array_append (whole, file.data, (guint) file.length);
  for (guint with_keys = 0; with_keys < 2; with_keys++)
    {
      g_autoptr (GPtrArray) studies = open_bytes (whole, with_keys ? file.keys : NULL, NULL);
      allow (allowed, studies);
    }
  try_some (&work, is_of_side, G_MAXUINT32, GINT_TO_POINTER (TRUE), "the client's side alone");
  try_some (&work, is_of_side, G_MAXUINT32, GINT_TO_POINTER (FALSE), "the server's side alone");
  for (guint i = 1, step = MAX (file.packets->len / AT_MOST, 1); i < file.packets->len; i += step)
    {
      g_autofree char *before = g_strdup_printf ("its first %u packets", i);
      g_autofree char *without = g_strdup_printf ("without packet %u", i);
      try_some (&work, is_before, G_MAXUINT32, GUINT_TO_POINTER (i), before);
      try_some (&work, is_not_this, G_MAXUINT32, GUINT_TO_POINTER (i), without);
    }
  file_clear (&file);
  *n_read += work.n_read;
  *n_wrong += work.n_wrong;
}

static void
test_all_captures (void)
{
  static const char *const folders[] = { "cli/captures", "formats/data" }, *const endings[] = { ".pcap", NULL };
  guint n_files = 0, n_read = 0, n_wrong = 0;

  for (guint f = 0; f < G_N_ELEMENTS (folders); f++)
    {
      g_autoptr (GPtrArray) names = list_files (folders[f], endings);
      for (guint i = 0; i < names->len; i++)
        {
          g_autofree char *keys = keys_of (names->pdata[i]);
          const Capture capture = { names->pdata[i], keys };
          damage_some (&capture, &n_read, &n_wrong);
          n_files++;
        }
    }
  g_test_message ("%u readings of %u files", n_read, n_files);
  g_assert_cmpuint (n_files, >=, 30);
  g_assert_cmpuint (n_read, >, 10 * n_files);
  g_assert_cmpuint (n_wrong, ==, 0);
}

/* A log whose program was killed, or that was copied while it was written, ends in the middle of a line. */
static void
cut_log (const char *name, guint *n_read, guint *n_wrong)
{
  enum { AT_MOST = 60 };
  const Capture capture = { name, NULL };
  g_autofree char *path = path_of (name);
  g_autofree char *text = NULL;
  gsize length;
  g_autoptr (GHashTable) allowed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  Work work = { .capture = &capture, .allowed = allowed };
  for (guint i = 0; i <= AT_MOST; i++)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();
      g_autofree char *how = g_strdup_printf ("%u of %u parts of it", AT_MOST - i, AT_MOST);
      g_byte_array_append (out, (const guint8 *) text, (guint) (length * (AT_MOST - i) / AT_MOST));
      g_autoptr (GPtrArray) studies = open_bytes (out, NULL, NULL);
      if (i == 0)
        allow (allowed, studies);
      for (guint j = 0; studies != NULL && j < studies->len; j++)
        {
          qs_study_settle (studies->pdata[j]);
          look_at (&work, studies->pdata[j], how, FALSE);
        }
    }
  *n_read += work.n_read;
  *n_wrong += work.n_wrong;
}

static void
test_all_logs (void)
{
  static const char *const endings[] = { ".qlog", ".sqlog", ".json", NULL };
  g_autoptr (GPtrArray) names = list_files ("cli/captures", endings);
  guint n_read = 0, n_wrong = 0;

  for (guint i = 0; i < names->len; i++)
    cut_log (names->pdata[i], &n_read, &n_wrong);
  g_test_message ("%u readings of %u logs", n_read, names->len);
  g_assert_cmpuint (names->len, >=, 20);
  g_assert_cmpuint (n_read, >, 10 * names->len);
  g_assert_cmpuint (n_wrong, ==, 0);
}

static gboolean
has_finding (const GByteArray *bytes, const char *id)
{
  g_autoptr (GPtrArray) studies = open_bytes (bytes, NULL, NULL);
  gboolean found = FALSE;

  g_assert_nonnull (studies);
  qs_study_settle (studies->pdata[0]);
  GPtrArray *findings = qs_study_get_findings (studies->pdata[0]);
  for (guint i = 0; i < findings->len; i++)
    found |= g_str_equal (((const QsFinding *) findings->pdata[i])->id, id);
  return found;
}

/* Where bytes of a connection over TCP were not captured it is said, and nobody is said to have closed it in the handshake. */
static void
test_lacking (void)
{
  static const Capture capture = { "cli/captures/tls13-client-rst-after-close.pcap", "cli/captures/tls13.keys" };
  static const guint missing[] = { 5, 9 }; /* the client's Finished, and a piece of the answer */
  File file;

  file_init (&file, &capture);
  for (guint without = 0; without <= G_N_ELEMENTS (missing); without++)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();
      g_byte_array_append (out, file.data, HEAD);
      for (guint i = 0; i < file.packets->len; i++)
        if (without == 0 || i != missing[without - 1])
          add_packet (out, &file, &g_array_index (file.packets, Packet, i), G_MAXUINT32);
      g_assert_true (has_finding (out, "capture-incomplete") == (without > 0));
      g_assert_false (has_finding (out, "closed-in-handshake"));
    }
  file_clear (&file);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/damaged/good", test_good);
  g_test_add_func ("/damaged/all-captures", test_all_captures);
  g_test_add_func ("/damaged/all-logs", test_all_logs);
  g_test_add_func ("/damaged/lacking", test_lacking);
  return g_test_run ();
}
