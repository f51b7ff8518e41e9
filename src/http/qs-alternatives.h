/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/* How long an alternative has to answer in; how many are tried. */
#define QS_ALTERNATIVE_MS 1500
#define QS_MOST_ALTERNATIVES 2
/* What an ended run waits for the DNS. */
#define QS_ALTERNATIVE_DNS_MS 300

/**
 * QsAlternatives: other ways to the site of a run, as its answer's Alt-Svc (RFC 7838) and the DNS's HTTPS records (RFC 9460)
 * tell of: read, noted in the trace, and those with HTTP/3 tried, each by a handshake of its own that asks for nothing.
 *
 * As the run's options say (QsProbeOptions.alternatives, dns_server), of targets that are asked over HTTP, whose host is a
 * name. The DNS is asked from the run's start on, off the main loop; what is advertised is tried once the answer is there.
 * "finished" of the run waits for what is under way, within the bounds above; a stop ends it.
 */
#define QS_TYPE_ALTERNATIVES (qs_alternatives_get_type ())
G_DECLARE_FINAL_TYPE (QsAlternatives, qs_alternatives, QS, ALTERNATIVES, GObject)

/* Before the run's start. With the last reference what is under way is stopped. */
QsAlternatives *qs_alternatives_new (QsProbe *run);

/* Whether the DNS is asked for a target's HTTPS records: as the options say, else where the name may be known to one. A name
 * whose address was given by hand need not be. */
gboolean qs_alternatives_may_ask_dns (QsTarget *target, const QsProbeOptions *options);

G_END_DECLS
