/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "diagnosis/qs-finding.h"
#include "diagnosis/qs-summary.h"
#include "dissect/qs-dissector.h"
#include "study/qs-recording.h"
#include "trace/qs-trace-join.h"

G_BEGIN_DECLS

/**
 * QsStudy:
 *
 * What a trace says, in one object: packets by its dissector, the evidence gathered once, and made of that steps, findings,
 * summary, verdict, streams, the target and the answer. A live run, the lab's side and a file are studied alike; nothing
 * here asks which it is. Whoever shows a run shows its study: window, command line, report and JSON say the same words.
 *
 * All in the thread that owns the trace. What the getters return is the study's own and good until the next
 * qs_study_look(), qs_study_advance() that returns %TRUE, or qs_study_settle().
 *
 * Properties: "state" (QsStudyState as int, notifies).
 */
#define QS_TYPE_STUDY (qs_study_get_type ())
G_DECLARE_FINAL_TYPE (QsStudy, qs_study, QS, STUDY, GObject)

typedef enum {
  QS_STUDY_FILLING,    /* of a run that goes on: more records will come */
  QS_STUDY_DISSECTING, /* all records are there, and not all of them are read */
  QS_STUDY_SETTLED,    /* nothing will change any more */
} QsStudyState;

/* Where a trace came from, for reports; strings are borrowed. */
typedef struct {
  const char *file;   /* as it was named */
  const char *format; /* "pcapng", "pcap", "qlog" */
  guint connection;   /* of the file's: from 1 */
  guint n_connections;
} QsStudySource;

/* A stream as it was last heard of: from the run's marks where it has some, else from the frames. */
typedef struct {
  gint64 id;
  QsStreamState read_state, write_state;
  gint64 read_error, write_error; /* code of a reset, -1: none */
  guint64 sent, received;         /* bytes */
} QsStudyStream;

/* What was asked of whom. Strings are escaped, NULL where not known. */
typedef struct {
  char *host;
  char *address; /* IP address alone */
  guint16 port;  /* 0: not known */
  char *sni;
  char **alpn; /* offered; never NULL */
} QsStudyTarget;

/* What was answered to the request; of a server's recording what it answered itself. */
typedef struct {
  char *version;  /* "3", "1.1", "0.9"; NULL: no HTTP that we know */
  guint status;   /* 0: none */
  char **headers; /* name, value, …, NULL; escaped; may be NULL */
  guint64 length; /* bytes of the body that came, kept or not */
} QsStudyAnswer;

typedef struct {
  guint sent, arrived, lost; /* packets; the fate of the rest is not known */
  gint64 least_delay;        /* nanoseconds, -1: none arrived */
} QsStudyCrossings;

/* dissector: of a live run, whose own it is; NULL: the study makes one where the trace has bytes to read. */
QsStudy *qs_study_new (QsTrace *trace, QsDissector *dissector);
QsTrace *qs_study_get_trace (QsStudy *self);
QsDissector *qs_study_get_dissector (QsStudy *self); /* NULL: the trace has no bytes */
/* What the frames tell of streams, and their bytes. */
QsRecording *qs_study_get_recording (QsStudy *self);
QsStudyState qs_study_get_state (QsStudy *self);

/* Reads on until deadline (monotonic microseconds, 0: to the end), in small steps. %TRUE when the study has settled, or
 * has caught up with a trace that still grows. */
gboolean qs_study_advance (QsStudy *self, gint64 deadline);
/* No more records will come: reads all that is left and settles. */
void qs_study_settle (QsStudy *self);
/* Looks at a trace that grew: what the getters return is made anew. now: trace time, for a run that goes on, as some
 * findings come from time that passes; -1 for others. */
void qs_study_look (QsStudy *self, gint64 now);

/* Somebody holds what the getters returned, and looks by himself: nobody else does meanwhile. Counted. */
void qs_study_claim (QsStudy *self);
void qs_study_disclaim (QsStudy *self);
gboolean qs_study_is_claimed (QsStudy *self);

const QsEvidence *qs_study_get_evidence (QsStudy *self);
GPtrArray *qs_study_get_steps (QsStudy *self);    /* QsStep */
GPtrArray *qs_study_get_findings (QsStudy *self); /* QsFinding, most severe first */
const QsSummary *qs_study_get_summary (QsStudy *self);
const char *qs_study_get_verdict (QsStudy *self);
#define QS_STUDY_MAX_STREAMS 4096
/* QsStudyStream: at most so many, of a file without marks QS_RECORDING_MAX_STREAMS */
GPtrArray *qs_study_get_streams (QsStudy *self);
guint qs_study_get_n_streams (QsStudy *self); /* all that there are */
const QsStudyTarget *qs_study_get_target (QsStudy *self);
const QsStudyAnswer *qs_study_get_answer (QsStudy *self); /* NULL: nothing was answered, or it is not known */
/* Whether what was asked was done: a run's own outcome, or of a file what it shows. */
gboolean qs_study_is_good (QsStudy *self);
/* "1.1 200" as people write it: "HTTP/1.1 200"; NULL where there is no answer. Owned by the caller. */
char *qs_study_dup_answer_text (QsStudy *self);

/* The same connection as the other end recorded it, advanced to its end; the study holds it. */
void qs_study_set_join (QsStudy *self, QsTraceJoin *join);
QsTraceJoin *qs_study_get_join (QsStudy *self); /* NULL: only one end is known */
/* Of the join: what became of the packets that one side sent. */
void qs_study_count_crossings (QsStudy *self, gboolean by_client, QsStudyCrossings *crossings);

/* For the reports; copied. */
void qs_study_set_source (QsStudy *self, const QsStudySource *source);
const QsStudySource *qs_study_get_source (QsStudy *self); /* NULL: a run of our own */

/* The contract's object (design: names and shapes are relied on by scripts), with "source" where there is one. */
JsonObject *qs_study_to_json (QsStudy *self);
/* As it is printed: times with three decimals. Takes node's contents by reference; owned by the caller. */
char *qs_study_json_to_text (JsonNode *node);

G_END_DECLS
