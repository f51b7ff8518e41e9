/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-gate.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "wire/qs-packet.h"

#define AMPLIFICATION 3 /* RFC 9000 section 8.1 */
#define MAX_HELD 4      /* datagrams that wait, of one address: what is more is lost, and sent again by OpenSSL */
#define MAX_FOR_STRICT 256
#define N_OWN_IDS 4
/* What OpenSSL may take for a datagram, ns of the processor, before it counts as costly; how much more an address may cost at once, and how much
 * of all time. Datagrams in order take some 20 µs; a hundred bytes of a stream behind a gap each, among some ten thousand, milliseconds. */
#define USUAL_NS (G_GINT64_CONSTANT (2) * 1000000)
#define MOST_COST_NS (G_GINT64_CONSTANT (100) * 1000000)
#define COST_SHARE 10 /* one part in so many */
/* What OpenSSL does at that moment for somebody else is counted too: nobody stays out for longer than four seconds by it. */
#define COST_KEPT_NS (5 * MOST_COST_NS)
#define INITIAL 0 /* long packet types of version 1, RFC 9000 section 17.2 */

typedef struct {
  guint8 bytes[20]; /* IPv6 address or mapped IPv4, and port */
} Address;

/* A datagram that waits, for its address's credit or for the strict listener. */
typedef struct {
  GBytes *bytes;
  BIO_ADDR *peer, *local;
} Waiting;

typedef struct {
  Address address;
  guint64 received, sent;
  gboolean proved;
  gboolean strict;            /* its connection is the strict listener's */
  guint8 first_id[20];        /* that the client chose, of the newest connection */
  guint8 first_length;        /* 0: none yet */
  guint64 own_ids[N_OWN_IDS]; /* that we chose; 0: none */
  guint next_own_id;
  gint64 cost, cost_at; /* ns above what is usual, as of then (monotonic, µs) */
  GQueue held;          /* Waiting */
  GList *link;          /* in its queue */
} Entry;

struct _QsGate {
  GHashTable *entries;     /* Address, within the entry -> Entry */
  GQueue unproved, proved; /* Entry: heard of last at the end */
  GQueue for_strict;       /* Waiting */
  gboolean has_strict;
  guint n_half_open;
  guint64 n_turned;
  gint64
      handed_at; /* what the thread had used when it was handed the last datagrams, ns; 0: none, or they are dealt with */
  Address handed_from;
  guint n_handed;
};

/* --- Addresses --- */

static guint
address_hash (gconstpointer data)
{
  const guint8 *bytes = data;
  guint hash = 2166136261u; /* FNV-1a */

  for (guint i = 0; i < sizeof (Address); i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

static gboolean
address_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (Address)) == 0;
}

static Address
address_of (const BIO_ADDR *peer)
{
  Address address = { { 0 } };
  guint8 raw[16] = { 0 };
  size_t length = sizeof raw;
  guint16 port = peer != NULL ? BIO_ADDR_rawport (peer) : 0;

  if (peer != NULL && BIO_ADDR_rawaddress (peer, raw, &length) == 1)
    memcpy (address.bytes + (16 - MIN (length, 16)), raw, MIN (length, 16));
  memcpy (address.bytes + 16, &port, sizeof port);
  address.bytes[18] = peer != NULL && BIO_ADDR_family (peer) == AF_INET6;
  return address;
}

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_bytes_unref (waiting->bytes);
  BIO_ADDR_free (waiting->peer);
  BIO_ADDR_free (waiting->local);
  g_free (waiting);
}

static Waiting *
waiting_new (const BIO_MSG *message)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->bytes = g_bytes_new (message->data, message->data_len);
  waiting->peer = message->peer != NULL ? BIO_ADDR_dup (message->peer) : NULL;
  waiting->local = message->local != NULL ? BIO_ADDR_dup (message->local) : NULL;
  return waiting;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_queue_clear_full (&entry->held, waiting_free);
  g_free (entry);
}

static GQueue *
queue_of (QsGate *self, const Entry *entry)
{
  return entry->proved ? &self->proved : &self->unproved;
}

/* The one that was not heard of for the longest time goes. */
static void
make_room (QsGate *self, GQueue *queue, guint most)
{
  while (queue->length >= most)
    {
      Entry *oldest = g_queue_pop_head (queue);
      g_hash_table_remove (self->entries, &oldest->address);
    }
}

static Entry *
ensure_entry (QsGate *self, const BIO_ADDR *peer)
{
  const Address address = address_of (peer);
  Entry *entry = g_hash_table_lookup (self->entries, &address);

  if (entry != NULL)
    {
      g_queue_unlink (queue_of (self, entry), entry->link);
      g_queue_push_tail_link (queue_of (self, entry), entry->link);
      return entry;
    }
  make_room (self, &self->unproved, QS_GATE_UNPROVED);
  entry = g_new0 (Entry, 1);
  entry->address = address;
  g_queue_init (&entry->held);
  g_queue_push_tail (&self->unproved, entry);
  entry->link = self->unproved.tail;
  g_hash_table_insert (self->entries, &entry->address, entry);
  return entry;
}

static void
prove (QsGate *self, Entry *entry)
{
  if (entry->proved)
    return;
  g_queue_unlink (&self->unproved, entry->link);
  make_room (self, &self->proved, QS_GATE_PROVED);
  entry->proved = TRUE;
  g_queue_push_tail_link (&self->proved, entry->link);
}

/* --- What an address costs --- */

static gint64
thread_cpu (void)
{
  struct timespec used = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * G_GINT64_CONSTANT (1000000000) + used.tv_nsec;
}

/* Less what has been forgiven since. */
static gint64
cost_of (Entry *entry)
{
  gint64 now = g_get_monotonic_time ();

  entry->cost = MAX (0, entry->cost - (now - entry->cost_at) * 1000 / COST_SHARE);
  entry->cost_at = now;
  return entry->cost;
}

/* OpenSSL has dealt with what it was handed: it sends, or asks for more. */
static void
note_dealt_with (QsGate *self)
{
  if (self->handed_at == 0)
    return;
  gint64 above = thread_cpu () - self->handed_at - USUAL_NS * self->n_handed;
  Entry *entry = above > 0 ? g_hash_table_lookup (self->entries, &self->handed_from) : NULL;

  self->handed_at = 0;
  if (entry != NULL)
    entry->cost = MIN (cost_of (entry) + above, COST_KEPT_NS);
}

/* Only what came from one address alone is its doing. */
static void
note_handed (QsGate *self, const BIO_MSG *messages, size_t stride, size_t n)
{
  self->handed_from = address_of (messages->peer);
  for (size_t i = 1; i < n; i++)
    {
      const Address other = address_of (((const BIO_MSG *) ((const char *) messages + i * stride))->peer);
      if (!address_equal (&other, &self->handed_from))
        return;
    }
  self->n_handed = (guint) n;
  self->handed_at = thread_cpu ();
}

/* --- Out --- */

/* FALSE: it has to wait. */
static gboolean
pay (Entry *entry, gsize length)
{
  if (!entry->proved && entry->sent + length > AMPLIFICATION * entry->received)
    return FALSE;
  entry->sent += length;
  return TRUE;
}

/* The connection ids that we choose stand in the clear in what we send. */
static void
learn_own_id (Entry *entry, const BIO_MSG *message)
{
  QsInvariants header;
  guint64 id;

  if (!qs_invariants_parse (QS_SPAN (message->data, message->data_len), &header) || header.version == 0 ||
      header.scid.length != sizeof id)
    return;
  memcpy (&id, header.scid.data, sizeof id);
  for (guint i = 0; i < N_OWN_IDS; i++)
    if (entry->own_ids[i] == id)
      return;
  entry->own_ids[entry->next_own_id++ % N_OWN_IDS] = id;
}

static gboolean
send_below (BIO *bio, BIO_MSG *message)
{
  size_t sent = 0;

  return BIO_sendmmsg (BIO_next (bio), message, sizeof *message, 1, 0, &sent) == 1 && sent == 1;
}

/* What waited and can go now. A socket that is full loses it, as a path would. */
static void
send_held (BIO *bio, Entry *entry)
{
  for (Waiting *waiting; (waiting = g_queue_peek_head (&entry->held)) != NULL;)
    {
      BIO_MSG message = {
        .data = (void *) g_bytes_get_data (waiting->bytes, NULL),
        .data_len = g_bytes_get_size (waiting->bytes),
        .peer = waiting->peer,
        .local = waiting->local,
      };
      if (!pay (entry, message.data_len))
        return;
      ERR_set_mark ();
      send_below (bio, &message);
      ERR_pop_to_mark ();
      waiting_free (g_queue_pop_head (&entry->held));
    }
}

#define MESSAGE_AT(messages, stride, i) ((BIO_MSG *) ((char *) (messages) + (i) * (stride)))

static int
sendmmsg_cb (BIO *bio, BIO_MSG *messages, size_t stride, size_t n, uint64_t flags, size_t *processed)
{
  QsGate *self = BIO_get_data (bio);
  size_t from = 0;

  note_dealt_with (self);
  *processed = 0;
  for (size_t i = 0; i <= n; i++)
    {
      gboolean waits = FALSE;
      if (i < n)
        {
          const BIO_MSG *message = MESSAGE_AT (messages, stride, i);
          const Address address = address_of (message->peer);
          Entry *entry = g_hash_table_lookup (self->entries, &address);
          if (entry != NULL && !entry->proved)
            learn_own_id (entry, message);
          waits = entry == NULL || !g_queue_is_empty (&entry->held) || !pay (entry, message->data_len);
          if (waits && entry != NULL && entry->held.length < MAX_HELD)
            g_queue_push_tail (&entry->held, waiting_new (message));
          if (!waits)
            continue;
        }
      /* All before this one go in one piece; this one is done with. */
      size_t sent = 0;
      if (i > from &&
          BIO_sendmmsg (BIO_next (bio), MESSAGE_AT (messages, stride, from), stride, i - from, flags, &sent) == 0)
        return *processed > 0;
      *processed += sent;
      if (sent < i - from)
        return 1;
      *processed += waits ? 1 : 0;
      from = i + 1;
    }
  return 1;
}

/* --- In --- */

typedef enum { FOR_OPEN, FOR_STRICT, FOR_NOBODY } Listener;

static gboolean
has_token (QsSpan datagram, gsize after_ids)
{
  return datagram.length > after_ids && datagram.data[after_ids] != 0; /* a varint: 0 is one byte */
}

/* A client's first packet goes to an id that it made up. */
static Listener
route_initial (QsGate *self, Entry *entry, QsSpan datagram, QsSpan dcid, QsSpan scid)
{
  gboolean same = entry->first_length == dcid.length && dcid.length <= sizeof entry->first_id &&
                  memcmp (entry->first_id, dcid.data, dcid.length) == 0;

  if (same)
    return entry->strict ? FOR_STRICT : FOR_OPEN;
  /* The answer to a Retry comes with its token, and goes to the id that the Retry had. */
  if (entry->strict && has_token (datagram, 7 + dcid.length + scid.length))
    return FOR_STRICT;
  entry->first_length = (guint8) MIN (dcid.length, sizeof entry->first_id);
  memcpy (entry->first_id, dcid.data, entry->first_length);
  entry->strict = self->has_strict && self->n_half_open >= QS_GATE_HALF_OPEN;
  if (entry->strict)
    self->n_turned++;
  else
    self->n_half_open++; /* until the endpoint has counted anew */
  return entry->strict ? FOR_STRICT : FOR_OPEN;
}

static gboolean
is_own_id (const Entry *entry, const guint8 *bytes)
{
  guint64 id;

  memcpy (&id, bytes, sizeof id);
  for (guint i = 0; i < N_OWN_IDS; i++)
    if (entry->own_ids[i] == id && id != 0)
      return TRUE;
  return FALSE;
}

static Listener
take_in (QsGate *self, Entry *entry, const BIO_MSG *message)
{
  QsSpan datagram = QS_SPAN (message->data, message->data_len), dcid;
  QsInvariants header;
  gboolean is_long = qs_invariants_parse (datagram, &header);

  entry->received += datagram.length;
  /* A Version Negotiation, which OpenSSL's listener answers with another: RFC 9000 section 6.1 forbids that. */
  if (is_long && header.version == 0)
    return FOR_NOBODY;
  if (is_long)
    dcid = header.dcid;
  else
    dcid = datagram.length > 8 ? QS_SPAN (datagram.data + 1, 8) : QS_SPAN_NONE;
  gboolean own = dcid.length == 8 && is_own_id (entry, dcid.data);
  if (own)
    prove (self, entry);
  if (is_long && !own && (datagram.data[0] >> 4 & 3) == INITIAL)
    return route_initial (self, entry, datagram, dcid, header.scid);
  return entry->strict ? FOR_STRICT : FOR_OPEN;
}

/* A message's buffer is the caller's and belongs to its place, so what passes is copied forward. */
static void
move_message (BIO_MSG *to, const BIO_MSG *from)
{
  if (to == from)
    return;
  memcpy (to->data, from->data, from->data_len);
  to->data_len = from->data_len;
  to->flags = from->flags;
  BIO_ADDR_copy (to->peer, from->peer);
  if (to->local != NULL && from->local != NULL)
    BIO_ADDR_copy (to->local, from->local);
}

static int
nothing_came (void)
{
  ERR_raise (ERR_LIB_BIO, BIO_R_NON_FATAL); /* OpenSSL asserts that success means at least one message */
  return 0;
}

static int
open_recvmmsg_cb (BIO *bio, BIO_MSG *messages, size_t stride, size_t n, uint64_t flags, size_t *processed)
{
  QsGate *self = BIO_get_data (bio);
  size_t received = 0, kept = 0;

  note_dealt_with (self);
  *processed = 0;
  if (BIO_recvmmsg (BIO_next (bio), messages, stride, n, flags, &received) == 0)
    return 0;
  for (size_t i = 0; i < received; i++)
    {
      BIO_MSG *message = MESSAGE_AT (messages, stride, i);
      Entry *entry = ensure_entry (self, message->peer);
      Listener listener = take_in (self, entry, message);
      send_held (bio, entry);
      /* As if it were lost on the way: who sends what is in order sends it again. */
      if (cost_of (entry) > MOST_COST_NS)
        continue;
      if (listener == FOR_OPEN)
        move_message (MESSAGE_AT (messages, stride, kept++), message);
      else if (listener == FOR_STRICT && self->for_strict.length < MAX_FOR_STRICT)
        g_queue_push_tail (&self->for_strict, waiting_new (message));
    }
  *processed = kept;
  if (kept > 0)
    note_handed (self, messages, stride, kept);
  return kept > 0 ? 1 : nothing_came ();
}

static int
strict_recvmmsg_cb (BIO *bio, BIO_MSG *messages, size_t stride, size_t n, uint64_t flags, size_t *processed)
{
  QsGate *self = BIO_get_data (bio);

  for (*processed = 0; *processed < n && !g_queue_is_empty (&self->for_strict);)
    {
      Waiting *waiting = g_queue_pop_head (&self->for_strict);
      BIO_MSG *message = MESSAGE_AT (messages, stride, *processed);
      gsize length;
      const void *bytes = g_bytes_get_data (waiting->bytes, &length);
      if (length <= message->data_len)
        {
          memcpy (message->data, bytes, length);
          message->data_len = length;
          message->flags = 0;
          if (message->peer != NULL && waiting->peer != NULL)
            BIO_ADDR_copy (message->peer, waiting->peer);
          if (message->local != NULL && waiting->local != NULL)
            BIO_ADDR_copy (message->local, waiting->local);
          ++*processed;
        }
      waiting_free (waiting);
    }
  return *processed > 0 ? 1 : nothing_came ();
}

/* --- The BIOs --- */

static long
ctrl_cb (BIO *bio, int command, long number, void *pointer)
{
  return command == BIO_CTRL_DUP || BIO_next (bio) == NULL ? 0 : BIO_ctrl (BIO_next (bio), command, number, pointer);
}

static int
create_cb (BIO *bio)
{
  BIO_set_init (bio, 1);
  return 1;
}

static BIO_METHOD *
new_method (const char *name, int (*receive) (BIO *, BIO_MSG *, size_t, size_t, uint64_t, size_t *))
{
  BIO_METHOD *made = BIO_meth_new (BIO_get_new_index () | BIO_TYPE_FILTER, name);

  if (made == NULL)
    return NULL;
  BIO_meth_set_create (made, create_cb);
  BIO_meth_set_ctrl (made, ctrl_cb);
  BIO_meth_set_sendmmsg (made, sendmmsg_cb);
  BIO_meth_set_recvmmsg (made, receive);
  return made;
}

static BIO *
push (QsGate *self, gboolean strict, BIO *below)
{
  static gsize once;
  static BIO_METHOD *methods[2];

  if (g_once_init_enter (&once))
    {
      methods[0] = new_method ("quicserve gate", open_recvmmsg_cb);
      methods[1] = new_method ("quicserve strict gate", strict_recvmmsg_cb);
      g_once_init_leave (&once, 1);
    }
  BIO *bio = methods[strict] != NULL ? BIO_new (methods[strict]) : NULL;
  if (bio == NULL)
    {
      BIO_free (below);
      return NULL;
    }
  BIO_set_data (bio, self);
  return BIO_push (bio, below);
}

/* --- Public functions --- */

QsGate *
qs_gate_new (void)
{
  QsGate *self = g_new0 (QsGate, 1);

  self->entries = g_hash_table_new_full (address_hash, address_equal, NULL, entry_free);
  g_queue_init (&self->unproved);
  g_queue_init (&self->proved);
  g_queue_init (&self->for_strict);
  return self;
}

void
qs_gate_free (QsGate *self)
{
  if (self == NULL)
    return;
  g_queue_clear (&self->unproved);
  g_queue_clear (&self->proved);
  g_queue_clear_full (&self->for_strict, waiting_free);
  g_hash_table_unref (self->entries);
  g_free (self);
}

BIO *
qs_gate_push_open (QsGate *self, BIO *below)
{
  g_return_val_if_fail (self != NULL && below != NULL, NULL);

  return push (self, FALSE, below);
}

BIO *
qs_gate_push_strict (QsGate *self, BIO *below)
{
  g_return_val_if_fail (self != NULL && below != NULL, NULL);

  self->has_strict = TRUE;
  return push (self, TRUE, below);
}

void
qs_gate_set_half_open (QsGate *self, guint n)
{
  g_return_if_fail (self != NULL);

  self->n_half_open = n;
}

gboolean
qs_gate_has_for_strict (const QsGate *self)
{
  return self != NULL && !g_queue_is_empty ((GQueue *) &self->for_strict);
}

guint64
qs_gate_get_n_turned (const QsGate *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_turned;
}
