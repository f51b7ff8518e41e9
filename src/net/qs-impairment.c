/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-impairment.h"

#include <netinet/in.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-similar.h"
#include "base/qs-text.h"

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)
#define NS_PER_MS G_GINT64_CONSTANT (1000000)
#define REORDER_DELAY (5 * NS_PER_MS) /* long enough that the ones behind pass, short of a probe timeout */
#define KEEP_APART 20000              /* nanoseconds */
#define DEFAULT_QUEUE (64 * 1024)
#define MAX_DATAGRAM 65535
#define SMALLEST_FIRST 1200

static const QsImpairmentPreset presets[] = {
  { "satellite", N_ ("Satellite: 300 ms each way, a little loss"), "delay=300ms,jitter=10ms,loss=0.5%,rate=20mbit" },
  { "bad-wifi", N_ ("Bad Wi-Fi: loss in both directions, jitter, reordering"),
    "loss=5%,jitter=30ms,reorder=3%,duplicate=1%" },
  { "mobile", N_ ("Mobile: 60 ms each way, 5 Mbit/s down, 1 Mbit/s up"),
    "delay=60ms,jitter=20ms,loss=1%,up:rate=1mbit,down:rate=5mbit" },
  { "filtered-udp", N_ ("Filtered UDP: nothing gets through"), "loss=100%" },
};

/* --- The text --- */

static void
rules_init (QsPathRules *rules)
{
  memset (rules, 0, sizeof *rules);
  rules->queue = DEFAULT_QUEUE;
  rules->ecn = -1;
}

static void
rules_clear (QsPathRules *rules)
{
  g_clear_pointer (&rules->drop, g_array_unref);
}

/* A number with one of the units behind it; units end with one of an empty suffix where none is allowed. */
typedef struct {
  const char *suffix;
  double factor;
} Unit;

static const Unit percent[] = { { "%", 0.01 } };
static const Unit times[] = { { "ms", NS_PER_MS }, { "us", 1000 }, { "µs", 1000 }, { "s", NS_PER_SECOND } };
static const Unit rates[] = { { "kbit", 125 }, { "mbit", 125000 }, { "gbit", 125000000 }, { "", 1 } };
static const Unit sizes[] = { { "KiB", 1024 }, { "MiB", 1024 * 1024 }, { "", 1 } };

static gboolean
parse_number (const char *text, const Unit *units, guint n_units, double max, double *value)
{
  char *end;
  double number = g_ascii_strtod (text, &end);

  if (end == text || !(number >= 0))
    return FALSE;
  for (guint i = 0; i < n_units; i++)
    if (g_ascii_strcasecmp (end, units[i].suffix) == 0)
      {
        *value = number * units[i].factor;
        return *value <= max;
      }
  return FALSE;
}

#define PARSE_NUMBER(text, units, max, value) parse_number (text, units, G_N_ELEMENTS (units), max, value)

static gboolean
set_probability (const char *text, double *probability)
{
  return PARSE_NUMBER (text, percent, 1.0, probability);
}

static gboolean
set_time (const char *text, gint64 *time)
{
  double value;
  if (!PARSE_NUMBER (text, times, 3600.0 * NS_PER_SECOND, &value))
    return FALSE;
  *time = (gint64) value;
  return TRUE;
}

static gboolean
set_loss (QsPathRules *rules, const char *text)
{
  return set_probability (text, &rules->loss);
}

static gboolean
set_duplicate (QsPathRules *rules, const char *text)
{
  return set_probability (text, &rules->duplicate);
}

static gboolean
set_corrupt (QsPathRules *rules, const char *text)
{
  return set_probability (text, &rules->corrupt);
}

static gboolean
set_reorder (QsPathRules *rules, const char *text)
{
  return set_probability (text, &rules->reorder);
}

static gboolean
set_delay (QsPathRules *rules, const char *text)
{
  return set_time (text, &rules->delay);
}

static gboolean
set_jitter (QsPathRules *rules, const char *text)
{
  return set_time (text, &rules->jitter);
}

static gboolean
set_rate (QsPathRules *rules, const char *text)
{
  double value;
  if (!PARSE_NUMBER (text, rates, 1e12, &value) || value < 1)
    return FALSE;
  rules->rate = (guint64) value;
  return TRUE;
}

static gboolean
set_queue (QsPathRules *rules, const char *text)
{
  double value;
  if (!PARSE_NUMBER (text, sizes, 1e9, &value))
    return FALSE;
  rules->queue = (guint64) value;
  return TRUE;
}

static gboolean
set_mtu (QsPathRules *rules, const char *text)
{
  guint64 value;
  if (!g_ascii_string_to_unsigned (text, 10, 1, MAX_DATAGRAM, &value, NULL))
    return FALSE;
  rules->mtu = (guint) value;
  return TRUE;
}

static gboolean
set_drop (QsPathRules *rules, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "+", -1);

  g_clear_pointer (&rules->drop, g_array_unref);
  rules->drop = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; parts[i] != NULL; i++)
    {
      guint64 value;
      if (!g_ascii_string_to_unsigned (parts[i], 10, 1, G_MAXUINT, &value, NULL))
        return FALSE;
      guint number = (guint) value;
      g_array_append_val (rules->drop, number);
    }
  return rules->drop->len > 0;
}

static gboolean
set_blackout (QsPathRules *rules, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "+", 2);

  return g_strv_length (parts) == 2 && set_time (parts[0], &rules->blackout_from) &&
         set_time (parts[1], &rules->blackout_for);
}

static gboolean
set_ecn (QsPathRules *rules, const char *text)
{
  static const char *const marks[] = { "bleach", "ect1", "ect0", "ce" }; /* by their bits, RFC 3168 section 5 */

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (g_str_equal (text, marks[i]))
      {
        rules->ecn = (gint8) i;
        return TRUE;
      }
  return FALSE;
}

static const struct {
  const char *name;
  gboolean (*set) (QsPathRules *rules, const char *text);
  const char *example;
  const char *takes;
} settings[] = {
  { "loss", set_loss, "loss=10%", N_ ("a share from 0% to 100%") },
  { "drop", set_drop, "drop=2", N_ ("the numbers of datagrams, from 1, as 2 or 2+5") },
  { "delay", set_delay, "delay=50ms", N_ ("a time up to an hour, in s, ms or us") },
  { "jitter", set_jitter, "jitter=10ms", N_ ("a time up to an hour, in s, ms or us") },
  { "reorder", set_reorder, "reorder=5%", N_ ("a share from 0% to 100%") },
  { "duplicate", set_duplicate, "duplicate=1%", N_ ("a share from 0% to 100%") },
  { "corrupt", set_corrupt, "corrupt=1%", N_ ("a share from 0% to 100%") },
  { "rate", set_rate, "rate=1mbit", N_ ("bytes a second, or a number of kbit, mbit or gbit") },
  { "queue", set_queue, "queue=64KiB", N_ ("bytes, or a number of KiB or MiB") },
  { "mtu", set_mtu, "mtu=1200", N_ ("bytes of a datagram, from 1 to 65535") },
  { "blackout", set_blackout, "blackout=2s+500ms", N_ ("when it begins and how long it lasts, with a plus between") },
  { "ecn", set_ecn, "ecn=bleach", N_ ("bleach, ect0, ect1 or ce") },
};

/* Of the path as a whole, so that a direction before them makes no sense. */
static gboolean
set_seed (QsImpairment *self, const char *text)
{
  guint64 seed;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &seed, NULL))
    return FALSE;
  self->seed = (guint32) seed;
  return TRUE;
}

static gboolean
set_rebind (QsImpairment *self, const char *text)
{
  return set_time (text, &self->rebind) && self->rebind > 0;
}

static const struct {
  const char *name;
  gboolean (*set) (QsImpairment *self, const char *text);
  const char *example;
  const char *takes;
} common_settings[] = {
  { "rebind", set_rebind, "rebind=2s", N_ ("the time after which the client's port becomes another, in s, ms or us") },
  { "seed", set_seed, "seed=7", N_ ("a number from 0 to 4294967295") },
};

/* A rule within the text that a person typed, to be pointed at. */
typedef struct {
  const char *text; /* stripped */
  guint column;     /* characters from 1 */
} Rule;

static gboolean
refuse_value (const Rule *rule, const char *takes, const char *example, GError **error)
{
  g_autofree char *shown = qs_text_escape_short (rule->text, -1, 40);

  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("“%s” (at character %u of the path's rules): it takes %s; for instance “%s”."), shown, rule->column,
               takes, example);
  return FALSE;
}

static gboolean
refuse_direction (const Rule *rule, const char *example, GError **error)
{
  g_autofree char *shown = qs_text_escape_short (rule->text, -1, 40);

  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("“%s” (at character %u of the path's rules): this holds for both directions; write “%s”."), shown,
               rule->column, example);
  return FALSE;
}

/* Not a rule at all: the one that may be meant is named. */
static gboolean
refuse (const Rule *rule, const char *name, GError **error)
{
  g_autofree char *shown = qs_text_escape_short (rule->text, -1, 40);
  const char *example = settings[0].example;
  QsSimilar similar;

  qs_similar_init (&similar, name);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    qs_similar_add (&similar, settings[i].name);
  for (guint i = 0; i < G_N_ELEMENTS (common_settings); i++)
    qs_similar_add (&similar, common_settings[i].name);
  if (rule->column == 1)
    for (guint i = 0; i < G_N_ELEMENTS (presets); i++)
      {
        qs_similar_add (&similar, presets[i].name);
        if (similar.best == presets[i].name)
          example = presets[i].name;
      }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (similar.best == settings[i].name)
      example = settings[i].example;
  for (guint i = 0; i < G_N_ELEMENTS (common_settings); i++)
    if (similar.best == common_settings[i].name)
      example = common_settings[i].example;
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("“%s” (at character %u of the path's rules) is no rule that is known; one is, for instance, “%s”."),
               shown, rule->column, example);
  return FALSE;
}

static gboolean
parse_rule (QsImpairment *self, const Rule *rule, GError **error)
{
  gboolean up = g_str_has_prefix (rule->text, "up:"), down = g_str_has_prefix (rule->text, "down:");
  const char *at = up || down ? strchr (rule->text, ':') + 1 : rule->text;
  const char *equals = strchr (at, '=');
  g_autofree char *name = equals != NULL ? g_strndup (at, (gsize) (equals - at)) : g_strdup (at);
  const char *value = equals != NULL ? equals + 1 : "";

  for (guint i = 0; i < G_N_ELEMENTS (common_settings); i++)
    if (g_str_equal (common_settings[i].name, name))
      {
        if (up || down)
          return refuse_direction (rule, common_settings[i].example, error);
        return common_settings[i].set (self, value) ||
               refuse_value (rule, _ (common_settings[i].takes), common_settings[i].example, error);
      }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (g_str_equal (settings[i].name, name))
      {
        if ((down || settings[i].set (&self->up, value)) && (up || settings[i].set (&self->down, value)))
          return TRUE;
        return refuse_value (rule, _ (settings[i].takes), settings[i].example, error);
      }
  return refuse (rule, name, error);
}

static const QsImpairmentPreset *
find_preset (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (presets); i++)
    if (g_str_equal (presets[i].name, name))
      return &presets[i];
  return NULL;
}

static gboolean
parse_rules (QsImpairment *self, const char *text, gboolean may_name_preset, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  guint column = 1;

  if (parts[0] == NULL)
    return refuse (&(Rule){ text, 1 }, text, error);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      guint length = (guint) g_utf8_strlen (parts[i], -1) + 1;
      const char *start = parts[i];
      while (g_ascii_isspace (*start))
        start++;
      guint indent = (guint) (start - parts[i]); /* before g_strstrip() moves the text */
      Rule rule = { g_strstrip (parts[i]), column + indent };
      const QsImpairmentPreset *preset = i == 0 && may_name_preset ? find_preset (rule.text) : NULL;
      if (preset != NULL ? !parse_rules (self, preset->rules, FALSE, error) : !parse_rule (self, &rule, error))
        return FALSE;
      column += length;
    }
  return TRUE;
}

QsImpairment *
qs_impairment_new (const char *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  g_autoptr (QsImpairment) self = g_new0 (QsImpairment, 1);

  rules_init (&self->up);
  rules_init (&self->down);
  self->seed = 1;
  return parse_rules (self, text, TRUE, error) ? g_steal_pointer (&self) : NULL;
}

void
qs_impairment_free (QsImpairment *self)
{
  if (self == NULL)
    return;
  rules_clear (&self->up);
  rules_clear (&self->down);
  g_free (self);
}

static gboolean
lets_nothing_through (const QsPathRules *rules)
{
  return rules->loss >= 1.0 || (rules->mtu > 0 && rules->mtu < SMALLEST_FIRST);
}

gboolean
qs_impairment_blocks_all (const QsImpairment *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return lets_nothing_through (&self->up) || lets_nothing_through (&self->down);
}

const QsImpairmentPreset *
qs_impairment_presets (guint *n_presets)
{
  *n_presets = G_N_ELEMENTS (presets);
  return presets;
}

char *
qs_impairment_help (void)
{
  GString *text =
      g_string_new (_ ("RULES for a path that is bad on purpose: a preset's name, or rules apart by commas:"));

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    g_string_append_printf (text, "%s%s", i % 6 == 0 ? "\n  " : " ", settings[i].example);
  g_string_append_c (text, '\n');
  g_string_append (text,
                   _ ("“up:” or “down:” before a rule: that direction alone; “seed=7”: another sequence of fates;\n"
                      "“rebind=2s”: after that time the client's port becomes another one, as behind a NAT.\n"
                      "Presets, which may be changed by rules behind them (bad-wifi,loss=20%):"));
  for (guint i = 0; i < G_N_ELEMENTS (presets); i++)
    g_string_append_printf (text, "\n  %-14s %s", presets[i].name, _ (presets[i].title));
  return g_string_free (text, FALSE);
}

/* --- The path --- */

/* One direction. It has a generator of its own, and draws the same number of times for every datagram, so
 * that neither the other direction nor a rule that is off shifts its sequence. */
typedef struct {
  QsPathRules rules;
  GRand *random;
  guint n_seen;
  gint64 first;      /* time of the first datagram, for the blackout */
  gint64 busy_until; /* when the bottleneck has sent all that waits */
  gint64 last_due;   /* of the monotonic clock: when the last one in order arrives */
} Lane;

typedef struct {
  gboolean at_client;
  Lane up, down;
  gint64 rebind;       /* nanoseconds; 0: never */
  gint64 first;        /* time of the first datagram of all; -1 before */
  gboolean is_rebound; /* at the client: its socket has another port */
  GHashTable *clients; /* at the server: port -> gint64, the time of its first datagram */
} Path;

static void
lane_init (Lane *lane, const QsPathRules *rules, guint32 seed)
{
  lane->rules = *rules;
  lane->rules.drop = rules->drop != NULL ? g_array_ref (rules->drop) : NULL;
  lane->random = g_rand_new_with_seed (seed);
  lane->first = -1;
}

static void
path_free (Path *path)
{
  rules_clear (&path->up.rules);
  rules_clear (&path->down.rules);
  g_rand_free (path->up.random);
  g_rand_free (path->down.random);
  g_hash_table_unref (path->clients);
  g_free (path);
}

static gboolean
is_named (const Lane *lane)
{
  for (guint i = 0; lane->rules.drop != NULL && i < lane->rules.drop->len; i++)
    if (g_array_index (lane->rules.drop, guint, i) == lane->n_seen)
      return TRUE;
  return FALSE;
}

static gboolean
is_dark (const Lane *lane, gint64 time)
{
  gint64 since = time - lane->first;

  return lane->rules.blackout_for > 0 && since >= lane->rules.blackout_from &&
         since < lane->rules.blackout_from + lane->rules.blackout_for;
}

/* How long a datagram waits for the bottleneck; -1 when its queue is full. */
static gint64
take_turn (Lane *lane, gint64 time, gsize length)
{
  if (lane->rules.rate == 0)
    return 0;

  gint64 start = MAX (lane->busy_until, time);
  double waiting = (double) (start - time) * (double) lane->rules.rate / NS_PER_SECOND;
  if (waiting + (double) length > (double) MAX (lane->rules.queue, (guint64) length))
    return -1;
  lane->busy_until = start + (gint64) ((double) length * NS_PER_SECOND / (double) lane->rules.rate);
  return lane->busy_until - time;
}

/* By rules that held a moment ago: what is not delayed any more waits behind what still is. now: monotonic nanoseconds. */
static gboolean
is_held_up (const Lane *lane, gint64 now)
{
  return lane->last_due > now;
}

/* Routers queue: what is held up longer holds up those behind it, and only a rule of its own changes the order. */
static gint64
keep_order (Lane *lane, gint64 now, gint64 delay)
{
  gint64 apart = delay > 0 ? MIN (delay, KEEP_APART) : KEEP_APART;

  lane->last_due = MAX (now + delay, lane->last_due + apart);
  return lane->last_due - now;
}

static void
pass_corrupted (QsUdpBio *bio, const QsUdpDatagram *datagram, guint8 ecn, gint64 delay, double where)
{
  g_autofree guint8 *bytes = g_memdup2 (datagram->data, datagram->length);
  gsize bit = (gsize) (where * (double) datagram->length * 8);

  bytes[bit / 8] ^= (guint8) (1 << (bit % 8));
  qs_udp_bio_pass (bio, datagram, bytes, datagram->length, ecn, delay);
}

/* --- A NAT between both that forgets its mapping and makes another one (RFC 9000 section 9.3.3) --- */

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} Address;

static in_port_t *
port_of (Address *address)
{
  return address->any.sa_family == AF_INET6 ? &address->v6.sin6_port : &address->v4.sin_port;
}

/* What a client's port becomes and, applied again, was: far from those that the kernel hands out. */
static guint16
other_port (guint16 port)
{
  return port == 0x8000 ? 0x7fff : port == 0x7fff ? 0x8000 : port ^ 0x8000;
}

/* Our own socket gets another port with the first datagram that leaves after the time; what comes before that to the
 * old one finds no way in. TRUE: it passes. */
static gboolean
rebind_at_client (Path *path, QsUdpBio *bio, const QsUdpDatagram *datagram)
{
  if (path->is_rebound || datagram->time - path->first < path->rebind)
    return TRUE;
  if (datagram->direction == QS_DIRECTION_RECEIVED)
    return FALSE;
  path->is_rebound = qs_udp_bio_rebind (bio);
  return TRUE;
}

/* The server sees the client's datagrams come from another port, and what it still sends to the old one is lost. */
static gboolean
rebind_at_server (Path *path, QsUdpDatagram *datagram, Address *peer)
{
  gboolean received = datagram->direction == QS_DIRECTION_RECEIVED;
  guint16 port = g_ntohs (*port_of (peer)), other = other_port (port);

  if (received && !g_hash_table_contains (path->clients, GUINT_TO_POINTER (port)))
    g_hash_table_insert (path->clients, GUINT_TO_POINTER (port), g_memdup2 (&datagram->time, sizeof datagram->time));
  const gint64 *since = g_hash_table_lookup (path->clients, GUINT_TO_POINTER (received ? port : other));
  if (since != NULL && (!received || datagram->time - *since >= path->rebind))
    {
      *port_of (peer) = g_htons (other);
      datagram->peer = &peer->any;
      return TRUE;
    }
  since = g_hash_table_lookup (path->clients, GUINT_TO_POINTER (port));
  return received || since == NULL || datagram->time - *since < path->rebind;
}

static gboolean
passes_nat (Path *path, QsUdpBio *bio, QsUdpDatagram *datagram, Address *peer)
{
  if (path->first < 0)
    path->first = datagram->time;
  if (path->rebind == 0)
    return TRUE;
  return path->at_client ? rebind_at_client (path, bio, datagram) : rebind_at_server (path, datagram, peer);
}

static QsFate
impair_cb (QsUdpBio *bio, const QsUdpDatagram *original, gpointer data)
{
  Path *path = data;
  QsUdpDatagram here = *original, *datagram = &here;
  Address peer;
  gboolean up = (datagram->direction == QS_DIRECTION_SENT) == path->at_client;
  Lane *lane = up ? &path->up : &path->down;
  const QsPathRules *rules = &lane->rules;
  double draws[6];

  for (guint i = 0; i < G_N_ELEMENTS (draws); i++)
    draws[i] = g_rand_double (lane->random);
  lane->n_seen++;
  if (lane->first < 0)
    lane->first = datagram->time;

  memcpy (&peer, original->peer, qs_sockaddr_length (original->peer));
  if (!passes_nat (path, bio, datagram, &peer))
    return QS_FATE_DROPPED;
  if (draws[0] < rules->loss || is_named (lane) || is_dark (lane, datagram->time) ||
      (rules->mtu > 0 && datagram->length > rules->mtu))
    return QS_FATE_DROPPED;
  gint64 turn = take_turn (lane, datagram->time, datagram->length);
  if (turn < 0)
    return QS_FATE_DROPPED;

  gboolean late = draws[1] < rules->reorder;
  gint64 delay = turn + rules->delay + (gint64) (draws[2] * (double) rules->jitter);
  gint64 now = qs_udp_bio_get_impaired_at (bio) * 1000;
  delay = late ? delay + REORDER_DELAY : delay > 0 || is_held_up (lane, now) ? keep_order (lane, now, delay) : 0;
  guint8 ecn = rules->ecn >= 0 ? (guint8) rules->ecn : datagram->ecn;
  if (draws[3] < rules->corrupt && datagram->length > 0)
    {
      pass_corrupted (bio, datagram, ecn, delay, draws[4]);
      return QS_FATE_CORRUPTED;
    }
  qs_udp_bio_pass (bio, datagram, datagram->data, datagram->length, ecn, delay);
  if (draws[5] < rules->duplicate)
    {
      qs_udp_bio_pass (bio, datagram, datagram->data, datagram->length, ecn, delay + NS_PER_MS);
      return QS_FATE_DUPLICATED;
    }
  return delay > 0 ? QS_FATE_DELAYED : QS_FATE_PASSED;
}

static const QsUdpImpairment vtable = { impair_cb };

gboolean
qs_impairment_apply (const QsImpairment *self, QsUdpBio *bio, gboolean at_client, GError **error)
{
  g_return_val_if_fail (self != NULL && bio != NULL, FALSE);

  Path *path = g_new0 (Path, 1);

  path->at_client = at_client;
  path->rebind = self->rebind;
  path->first = -1;
  path->clients = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  /* A mark that this end sets itself is set where the datagram leaves, and recorded with it. */
  gint8 own = at_client ? self->up.ecn : self->down.ecn;
  if (own == QS_ECN_ECT1 || own == QS_ECN_ECT0)
    qs_udp_bio_set_ecn (bio, (guint8) own);
  lane_init (&path->up, &self->up, self->seed);
  lane_init (&path->down, &self->down, self->seed + 1);
  if (qs_udp_bio_set_impairment (bio, &vtable, path, (GDestroyNotify) path_free, error))
    return TRUE;
  path_free (path);
  return FALSE;
}

static void
lane_change (Lane *lane, const QsPathRules *rules)
{
  rules_clear (&lane->rules);
  lane->rules = *rules;
  lane->rules.drop = rules->drop != NULL ? g_array_ref (rules->drop) : NULL;
}

gboolean
qs_impairment_change (const QsImpairment *self, QsUdpBio *bio, gboolean at_client, GError **error)
{
  g_return_val_if_fail (self != NULL && bio != NULL, FALSE);

  Path *path = qs_udp_bio_get_impairment (bio, &vtable);
  if (path == NULL)
    return qs_impairment_apply (self, bio, at_client, error);
  lane_change (&path->up, &self->up);
  lane_change (&path->down, &self->down);
  path->rebind = self->rebind;
  return TRUE;
}
