/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-finding.h"
#include "net/qs-target.h"

G_BEGIN_DECLS

/* What the judges look at: plain data, so that a table of cases can be made of them without a network. All texts are
 * escaped, and translated where they are sentences. */

#define QS_DOCTOR_MOST_WAYS 6
#define QS_DOCTOR_MOST_ENDPOINTS 8

typedef enum {
  QS_WAY_ORIGIN,  /* the URL's own host and port: what a tool asks that was told to */
  QS_WAY_ALT_SVC, /* RFC 7838 */
  QS_WAY_RECORD,  /* an HTTPS record of the DNS, RFC 9460 */
  QS_N_WAY_SOURCES
} QsWaySource;
const char *qs_way_source_name (QsWaySource source); /* "origin", "alt-svc", "https-record" */

typedef enum { QS_FAMILY_V6, QS_FAMILY_V4, QS_N_FAMILIES } QsFamily;

/* One thing that shows what is said. */
typedef struct {
  char *run;     /* of the runs that were made: "tcp", "quic-1"; NULL: none, it is the DNS's or the machine's */
  gint64 packet; /* of that run, -1: none */
  gint64 time;   /* ns of that run, -1: not known */
  char *what;
} QsDoctorEvidence;
QsDoctorEvidence *qs_doctor_evidence_new (const char *run, gint64 packet, gint64 time, const char *what);
void qs_doctor_evidence_free (gpointer evidence);

/**
 * QsWay: one way to HTTP/3 that is advertised, or asked for. "Alt-Svc: clear" makes none.
 */
typedef struct {
  QsWaySource source;
  char *protocol; /* "h3", "h3-29"; of a record "h3" where its alpn has it, NULL where it has not */
  char *host;
  guint16 port;
  gint64 max_age;                /* Alt-Svc: seconds */
  gboolean own_name;             /* host is the URL's */
  gboolean by_alias;             /* record: one that is an alias led to it, or stands beside it */
  gboolean no_default_alpn;      /* record */
  char *text;                    /* as it stands: "h3=\":443\"; ma=86400", "1 . alpn=h3,h2" */
  char **hints;                  /* record: addresses of ipv4hint and ipv6hint; NULL: none */
  char *unresolved;              /* why there are no addresses; NULL: there are, or were not looked for */
  gint endpoints[QS_N_FAMILIES]; /* places in QsDoctorFacts.endpoints, -1: none */
} QsWay;
QsWay *qs_way_new (QsWaySource source, const char *protocol, const char *host, guint16 port, const char *text);
void qs_way_free (gpointer way);

/* How far a connection came: what it stopped at. */
typedef enum {
  QS_RUNG_UDP,       /* nothing came back */
  QS_RUNG_QUIC,      /* what came back is no QUIC of version 1 */
  QS_RUNG_LARGE,     /* only what is small comes through */
  QS_RUNG_ALPN,      /* QUIC, and not h3 on it */
  QS_RUNG_HANDSHAKE, /* another end of the handshake */
  QS_RUNG_HTTP3,     /* connected, and no answer that is one */
  QS_RUNG_DONE,      /* answered */
  QS_N_RUNGS
} QsRung;

/* Who vouches for a certificate. */
typedef enum {
  QS_ROOT_UNKNOWN,   /* no certificate came, or its chain is broken before it */
  QS_ROOT_SYSTEM,    /* a CA of the system's store, as it came with the system: taken for a public one */
  QS_ROOT_ADDED,     /* a CA that was put into the system's store on this machine */
  QS_ROOT_GIVEN,     /* trusted because it was said so (--cacert) alone */
  QS_ROOT_NAMED,     /* trusted because SSL_CERT_FILE or SSL_CERT_DIR says so alone */
  QS_ROOT_UNTRUSTED, /* nobody that is trusted here */
} QsRootKind;

typedef struct {
  gboolean shown; /* a certificate came */
  gint64 packet;  /* in which it began; -1: not known */
  char *subject;  /* NULL: not known */
  char *fault;    /* what is wrong with it besides who vouches for it; NULL: nothing */
  QsRootKind root;
  char *root_name; /* NULL: not known */
} QsDoctorCertificate;

/* One address that was asked over QUIC. */
typedef struct {
  char *run; /* "quic-1" */
  QsFamily family;
  char *address;     /* "[2001:db8::1]:443" */
  gboolean no_route; /* this machine has no way to that family: nobody here uses it */
  QsRung stopped;
  /* What it stopped at, unless it is done. */
  char *finding; /* its id; NULL: none that fits */
  QsParty who;
  char *what;
  QsCertainty certainty;
  char **tries;
  GPtrArray *evidence; /* QsDoctorEvidence */
  QsDoctorCertificate certificate;
  guint status;       /* of its answer */
  gint64 head_packet; /* that the answer's head came in; -1: not known */
} QsEndpoint;
QsEndpoint *qs_endpoint_new (const char *run, QsFamily family, const char *address);
void qs_endpoint_free (gpointer endpoint);

typedef enum { QS_DNS_NOT_ASKED, QS_DNS_FAILED, QS_DNS_NONE, QS_DNS_ANSWERED } QsDnsState;
const char *qs_dns_state_name (QsDnsState state); /* "not-asked", "failed", "none", "answered" */

/**
 * QsDoctorFacts: all that was learnt of a site.
 */
typedef struct {
  char *host;
  guint16 port;
  gboolean plain; /* the URL was http:// */
  char *proxy;    /* that the environment names for it, without its password; NULL: none */

  /* What was answered over TCP. */
  gboolean web_asked, web_answered;
  gboolean web_unread; /* not answered, and it may well answer others: it does not want to speak HTTP/1.1 */
  guint web_status;
  char *web_failure;       /* what is said of it where it was not; NULL */
  GPtrArray *web_evidence; /* QsDoctorEvidence of that */
  GPtrArray *alt_svc;      /* char *: the values of its fields Alt-Svc */
  gboolean clear;          /* one of them takes back all */
  gboolean hsts;           /* Strict-Transport-Security */
  gint64 web_packet;       /* that its head came in; -1: not known */
  QsDoctorCertificate web_certificate;

  QsDnsState dns;
  char *dns_words;    /* why it failed; NULL */
  GPtrArray *records; /* char *: as zone files have them */

  GPtrArray *addresses; /* char *: those of the URL's host */
  GPtrArray *ways;      /* QsWay, the URL's own first */
  GPtrArray *endpoints; /* QsEndpoint */
} QsDoctorFacts;

QsDoctorFacts *qs_doctor_facts_new (const char *host, guint16 port);
void qs_doctor_facts_free (QsDoctorFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsDoctorFacts, qs_doctor_facts_free)

/* Takes way, unless it is known already or there are enough: then it is freed. */
void qs_doctor_facts_take_way (QsDoctorFacts *facts, QsWay *way);
/* The one with this address; NULL: none. */
QsEndpoint *qs_doctor_facts_find_endpoint (const QsDoctorFacts *facts, const char *address, gint *place);
/* Of a way: the endpoint of a family, NULL where there is none that this machine has a route to. */
const QsEndpoint *qs_doctor_facts_get_endpoint (const QsDoctorFacts *facts, const QsWay *way, QsFamily family);
/* The one that came farthest; NULL: none. */
const QsEndpoint *qs_doctor_facts_get_best (const QsDoctorFacts *facts, const QsWay *way);

G_END_DECLS
