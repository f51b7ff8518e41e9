/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/qs-clock.h"
#include "base/qs-mapped-file.h"
#include "trace/qs-mark.h"
#include "wire/qs-frame.h"
#include "wire/qs-packet.h"
#include "wire/qs-tls.h"

G_BEGIN_DECLS

/**
 * QsTrace:
 *
 * What happened on one connection. Its ground is append-only *records*: datagrams (or TCP segments)
 * with their bytes, secrets in key-log form, and marks (what the engine did and was told). Everything
 * else is derived from them: the dissector adds *packets* and *messages*; a qlog file, which has no
 * bytes, adds packets alone. Live runs, the lab's server and files all end up here, and every view,
 * export and diagnosis reads only this.
 *
 * Records may be appended from any thread (a worker drives the connection in blocking mode); packets
 * and messages are added, and everything is read, in the thread that owns the trace. Times are
 * nanoseconds since the trace's origin; the origin is nanoseconds since 1970.
 */
#define QS_TYPE_TRACE (qs_trace_get_type ())
G_DECLARE_FINAL_TYPE (QsTrace, qs_trace, QS, TRACE, GObject)

/* Whose view it is: SENT means sent by this one. A capture between both counts as the client's. */
typedef enum { QS_VANTAGE_CLIENT, QS_VANTAGE_SERVER, QS_VANTAGE_NETWORK } QsVantage;
typedef enum { QS_DIRECTION_SENT, QS_DIRECTION_RECEIVED } QsDirection;

typedef enum {
  QS_RECORD_DATAGRAM, /* UDP */
  QS_RECORD_SEGMENT,  /* bytes written to or read from TCP, in order */
  QS_RECORD_SECRET,   /* bytes are one key-log line without its line end */
  QS_RECORD_MARK,     /* mark is set */
} QsRecordKind;

/* What became of a datagram on a path that impairs it (the lab). */
typedef enum {
  QS_FATE_PASSED,
  QS_FATE_DROPPED,
  QS_FATE_DELAYED,
  QS_FATE_DUPLICATED,
  QS_FATE_CORRUPTED,
} QsFate;

/* A record as read: spans and marks stay valid while the trace lives. */
typedef struct {
  QsRecordKind kind;
  QsDirection direction;
  gint64 time;    /* nanoseconds since the origin */
  guint32 length; /* bytes on the wire */
  QsSpan bytes;   /* what was kept of them: shorter than length behind the memory bound */
  guint16 path;   /* index for qs_trace_get_path */
  guint8 ecn;     /* the two ECN bits of the IP header: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE */
  QsFate fate;
  const QsMark *mark; /* MARK only */
} QsRecord;

/* From this vantage; owned by the trace. Either may be NULL where unknown (a qlog). */
typedef struct {
  GSocketAddress *local;
  GSocketAddress *remote;
} QsPath;

typedef enum {
  QS_PACKET_DECRYPTED = 1 << 0, /* its frames can be had */
  QS_PACKET_LOST = 1 << 1,      /* its sender declared it lost, or it never was acknowledged when later ones were */
  QS_PACKET_ACKED = 1 << 2,
  QS_PACKET_RETRANSMISSION = 1 << 3,  /* carries stream or CRYPTO bytes that were sent before */
  QS_PACKET_KEY_PHASE = 1 << 4,       /* the key phase bit, 1-RTT */
  QS_PACKET_KEY_UPDATE = 1 << 5,      /* the first one of a new key phase */
  QS_PACKET_DUPLICATE = 1 << 6,       /* this number was received before */
  QS_PACKET_CORRUPT = 1 << 7,         /* keys were there and the AEAD (or Retry's tag) said no */
  QS_PACKET_PAYLOAD_DROPPED = 1 << 8, /* behind the memory bound */
  QS_PACKET_ACK_ELICITING = 1 << 9,
  QS_PACKET_COALESCED = 1 << 10, /* not the first one of its datagram */
  QS_PACKET_FROM_QLOG = 1 << 11, /* no bytes behind it */
  QS_PACKET_DROPPED = 1 << 12,   /* fate DROPPED: its receiver never had it, whichever side that is */
} QsPacketFlags;

/**
 * QsPacket: one packet (or TLS record), compact: a million of them are held.
 */
typedef struct {
  gint64 time;            /* of its datagram */
  guint64 number;         /* packet number; G_MAXUINT64 where it has none or it is not known */
  guint32 record;         /* index of its datagram's record; G_MAXUINT32 from a qlog */
  guint32 offset;         /* first byte within the datagram (TCP: within that direction's byte stream) */
  guint32 length;         /* bytes on the wire */
  guint32 payload_length; /* decrypted payload, 0 where not decrypted */
  guint64 frames;         /* bit N set: a frame whose base type is N (DATAGRAM, 0x30, is bit 48) occurs;
                           * of a TLS record: bit 20 to 23, its (inner) content type */
  guint32 version;
  guint16 flags;      /* QsPacketFlags */
  guint8 type;        /* QsPacketType */
  guint8 direction;   /* QsDirection */
  guint16 key;        /* the dissector's own key index */
  guint8 n_frames;    /* saturates at 255 */
  guint8 dcid_length; /* of the Destination Connection ID: what qs_packet_header_parse() wants for it */
  guint16 path_id;    /* multipath: each path has packet numbers of its own; 0 without it */
} QsPacket;

#define QS_NUMBERED_PATHS 16 /* whose packet numbers are followed; those of further ones stay as they are */

/* A whole TLS message, reassembled. Owned by the trace. */
typedef struct {
  gint64 time;          /* of the packet that completed it */
  guint32 packet;       /* index of that packet */
  guint32 first_packet; /* where its first byte came */
  QsDirection direction;
  QsPacketType level; /* QS_PACKET_INITIAL, HANDSHAKE, 1RTT; TLS over TCP: TLS_RECORD */
  gboolean encrypted; /* TLS over TCP: came under keys */
  QsTlsMessage *message;
  GBytes *bytes;
} QsTraceMessage;

/* A TLS message whose header came, and not all of the rest. */
typedef struct {
  guint8 type;
  gsize length;         /* that its header announces, with the header; 0: there is none */
  gsize got;            /* of it, as far as it was followed */
  guint32 packet;       /* index of the last one that brought of it */
  guint32 first_packet; /* where its first byte came */
} QsTraceUnfinished;

/* Nanoseconds, nine years either way: a time further from the origin counts as that. Files may claim any, and what is reckoned with times
 * (differences, nine times a smoothed round-trip time, an origin added) has to stay within 64 bits. */
#define QS_TRACE_MAX_TIME (G_GINT64_CONSTANT (1) << 58)

/* clock: NULL for the real one. The origin is the clock's now. */
QsTrace *qs_trace_new (QsVantage vantage, QsClock *clock);
QsVantage qs_trace_get_vantage (QsTrace *self);
gint64 qs_trace_get_origin (QsTrace *self);
/* Readers of files, before any record. From 1970 to 2116: so counts what is before or behind. */
void qs_trace_set_origin (QsTrace *self, gint64 origin_ns);
gint64 qs_trace_now (QsTrace *self); /* any thread */
/* Shown as the run's name: the target as typed, or a file's name. Escaped by the caller. */
void qs_trace_set_title (QsTrace *self, const char *title);
const char *qs_trace_get_title (QsTrace *self);

/* Readers of files, while nothing is derived: what counted as the client is the server. Seen from between, each record and path goes the
 * other way; seen from an end, that end is the other one. */
void qs_trace_turn (QsTrace *self);

/* Whether it is whole as it is: of a file, not of a run that may go on. */
void qs_trace_set_from_file (QsTrace *self);
gboolean qs_trace_is_from_file (QsTrace *self);
/* Of what kind of file: "pcapng", "pcap", "qlog"; NULL: of none. Interned. */
void qs_trace_set_format (QsTrace *self, const char *format);
const char *qs_trace_get_format (QsTrace *self);

/* --- Appending: any thread --- */

/* How many payload bytes are kept whole (default 64 MiB); later datagrams keep their first 64. With a budget
 * (qs-trace-budget.h) short ones keep all: what ends or refuses something comes in a short one. */
void qs_trace_set_payload_limit (QsTrace *self, guint64 bytes);
/* Of a file: bytes of datagrams and segments that lie in it are not copied, and no bound is asked for them. The trace holds it. */
void qs_trace_hold (QsTrace *self, QsMappedFile *file);
/* Where it has become shorter since: the records' bytes behind its end read as not kept. */
gboolean qs_trace_is_cut_short (QsTrace *self);
/* What reads records from front to end has come to these bytes (NULL: to the end): those before need not stay in memory. */
void qs_trace_pass (QsTrace *self, const guint8 *bytes);
/* Whether less than the default was asked for: what is not kept is then not missed by who asked. */
gboolean qs_trace_keeps_little (QsTrace *self);
guint64 qs_trace_get_payload_kept (QsTrace *self);
/* How much there is at one moment, for who writes it while more is added: records, datagrams or segments among them, and
 * their bytes that were kept. */
void qs_trace_get_extent (QsTrace *self, guint *n_records, guint *n_datagrams, guint64 *kept);
guint qs_trace_get_n_truncated (QsTrace *self); /* records behind the bound: 0 = whole */

guint16 qs_trace_add_path (QsTrace *self, GSocketAddress *local, GSocketAddress *remote);
/* time: since the origin. Copies bytes. Returns the record's index; G_MAXUINT when it was counted and not kept. */
guint qs_trace_add_datagram (QsTrace *self, gint64 time, QsDirection direction, guint16 path, guint8 ecn, QsFate fate,
                             const void *bytes, gsize length);
guint qs_trace_add_segment (QsTrace *self, gint64 time, QsDirection direction, guint16 path, const void *bytes,
                            gsize length);
guint qs_trace_add_secret (QsTrace *self, gint64 time, const char *key_log_line);
/* name is interned (a static or short-lived string); text must be escaped already and is copied. */
guint qs_trace_add_mark (QsTrace *self, QsMarkKind kind, const char *name, gint64 value, const char *text);
/* All of it: takes the mark's contents (text with g_free, bytes by reference steal). time: since the origin. */
guint qs_trace_add_mark_full (QsTrace *self, gint64 time, const QsMark *mark);
void qs_trace_add_fact (QsTrace *self, const char *name, const char *value);

/* --- Reading: the owner's thread --- */

guint qs_trace_get_n_records (QsTrace *self);
void qs_trace_get_record (QsTrace *self, guint index, QsRecord *record);
const QsPath *qs_trace_get_path (QsTrace *self, guint16 path); /* NULL when there is none */
guint qs_trace_get_n_datagrams (QsTrace *self);                /* datagrams or segments */

guint qs_trace_get_n_secrets (QsTrace *self);

/* Marks alone, in order. */
guint qs_trace_get_n_marks (QsTrace *self);
const QsMark *qs_trace_get_mark (QsTrace *self, guint index, gint64 *time);
/* The last mark of a kind (and of a name, unless NULL); NULL when there is none. */
const QsMark *qs_trace_find_mark (QsTrace *self, QsMarkKind kind, const char *name, gint64 *time);
const char *qs_trace_get_fact (QsTrace *self, const char *name); /* NULL when not known */

guint qs_trace_get_n_packets (QsTrace *self);
const QsPacket *qs_trace_get_packet (QsTrace *self, guint index); /* valid while the trace lives */
guint64 qs_trace_get_n_frames (QsTrace *self);
guint qs_trace_get_n_messages (QsTrace *self);
const QsTraceMessage *qs_trace_get_message (QsTrace *self, guint index);
/* The message of a direction that has not come whole; length 0 when there is none. */
void qs_trace_get_unfinished (QsTrace *self, QsDirection direction, QsTraceUnfinished *unfinished);

/* A packet's decrypted payload (transfer full), NULL where it cannot be had. Decrypted anew each time. */
GBytes *qs_trace_dup_payload (QsTrace *self, guint packet);
/* GArray of QsFrame (transfer full), never NULL; *payload (transfer full, may be NULL) is what their
 * spans point into and must outlive them. */
GArray *qs_trace_dup_frames (QsTrace *self, guint packet, GBytes **payload);

/* --- Deriving: the dissector and the readers of files --- */

typedef GBytes *(*QsPayloadFunc) (QsTrace *self, guint packet, gpointer data);
typedef GArray *(*QsFramesFunc) (QsTrace *self, guint packet, GBytes **payload, gpointer data);
/* frames may be NULL: then the payload is parsed. */
void qs_trace_set_payload_source (QsTrace *self, QsPayloadFunc payload, QsFramesFunc frames, gpointer data,
                                  GDestroyNotify destroy);
/* Which packets have STREAM frames of a stream: adds GArrays of guint32, ascending, to lists; they stay its own. FALSE: that is not
 * known. Asked with the data of qs_trace_set_payload_source(), which comes first. */
typedef gboolean (*QsStreamPacketsFunc) (QsTrace *self, guint64 stream, GPtrArray *lists, gpointer data);
void qs_trace_set_stream_source (QsTrace *self, QsStreamPacketsFunc func);
gboolean qs_trace_list_stream_packets (QsTrace *self, guint64 stream, GPtrArray *lists);
guint qs_trace_add_packet (QsTrace *self, const QsPacket *packet);
QsPacket *qs_trace_edit_packet (QsTrace *self, guint index); /* to set flags later: call qs_trace_changed */
void qs_trace_add_n_frames (QsTrace *self, guint n);
void qs_trace_add_message (QsTrace *self, QsTraceMessage *message); /* takes it */
void qs_trace_message_free (QsTraceMessage *message);
/* length 0: it is whole now. */
void qs_trace_set_unfinished (QsTrace *self, QsDirection direction, const QsTraceUnfinished *unfinished);
/* All that was derived goes, and the trace is as it was read: for who looked at it once and may look again. Nothing of a trace
 * without bytes, whose packets are its ground. */
void qs_trace_forget_derived (QsTrace *self);
/* Tells views: emitted signals are gathered so that there is at most one per 16 ms. */
void qs_trace_changed (QsTrace *self);

/* Signals:
 *   "grown" (): records were appended; emitted in the thread-default main context of the thread that
 *               made the trace, at most once per 16 ms, also for appends from other threads.
 *   "derived" (): packets, messages or flags were added, likewise.
 */

G_END_DECLS
