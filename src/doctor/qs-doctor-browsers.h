/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "doctor/qs-doctor-facts.h"

G_BEGIN_DECLS

typedef enum { QS_ANSWER_NO, QS_ANSWER_YES, QS_ANSWER_UNTOLD } QsAnswer;

/* What a browser does in one respect, how sure that is, and where it stands to be read. */
typedef struct {
  QsAnswer answer;
  QsCertainty certainty;
  const char *source; /* "Chromium: net/http/…"; NULL where nothing tells */
} QsBrowserRule;

/**
 * QsBrowser: what a program wants before it uses HTTP/3, as one row.
 *
 * @ways: bits of QsWaySource: how it learns of HTTP/3
 * @privileged_ports: of an origin on a port below 1024 it takes no alternative on one from there on
 * @same_port_records: HTTPS records count for the URL's own port alone
 * @own_name_records: they count for the URL's own name alone
 * @no_alias_records: where one of them is an alias, none counts
 * @one_address: QUIC is tried with the first address of a name alone
 * @public_root: QUIC wants a certificate of a CA that the browser or system brings along
 * @good_web_certificate: Alt-Svc counts in an answer with a good certificate alone
 * @environment_proxy: it goes through the proxy that the environment names, and that without QUIC
 * @leaves_on_421: it gives up an alternative that answers 421
 */
typedef struct {
  const char *id;   /* "chromium": stable */
  const char *name; /* not translated */
  gboolean is_tool; /* no browser: told to use HTTP/3 by its command line */
  gboolean closed;  /* its source is not published: what it does is likely at the most */
  guint ways;
  QsBrowserRule privileged_ports, same_port_records, own_name_records, no_alias_records, one_address, public_root,
      good_web_certificate, environment_proxy, leaves_on_421;
  const char *note;      /* untranslated: what else to know of it where it does not use HTTP/3; NULL */
  const char *note_from; /* the id of the condition from which on the note matters; NULL: always */
} QsBrowser;

extern const QsBrowser qs_browsers[];
#define QS_N_BROWSERS 4
gint qs_browser_find (const char *id); /* -1: none */

/* Whether a browser takes this way, as far as it is known: NO with the id of the condition that it does not meet, and UNTOLD
 * with the one that would decide. rule may be NULL. */
QsAnswer qs_browser_takes_way (const QsBrowser *browser, const QsDoctorFacts *facts, const QsWay *way,
                               const char **condition, const QsBrowserRule **rule);
/* Whether there is one that it takes, or may. */
QsAnswer qs_browser_has_way (const QsBrowser *browser, const QsDoctorFacts *facts);

G_END_DECLS
