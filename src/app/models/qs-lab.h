/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"
#include "server/qs-server.h"

G_BEGIN_DECLS

/**
 * QsLab: the built-in server as the window drives it.
 *
 * Scenario, Retry and port may be changed at any time: a running server is then replaced by one with
 * the new settings on the same port. Its CA is written to a file that only this user can read, so that
 * probes can trust it; the file goes when the lab does.
 *
 * Properties (all notify): "running" (boolean), "scenario" (string: a scenario's name), "retry"
 * (boolean), "port" (uint: as wished, 0: any free one), "server" (QsServer or NULL),
 * "path" (string: what becomes of datagrams, as qs_impairment_new() takes it, NULL: nothing).
 * Signals: "event" (const char *text): a line for the log.
 */
#define QS_TYPE_LAB (qs_lab_get_type ())
G_DECLARE_FINAL_TYPE (QsLab, qs_lab, QS, LAB, GObject)

QsLab *qs_lab_new (void);

void qs_lab_set_scenario (QsLab *self, const char *name); /* NULL: plain echo */
const char *qs_lab_get_scenario (QsLab *self);            /* never NULL */

/* rules as qs_impairment_new() takes them, NULL or empty for none. FALSE with a translated sentence: nothing changed.
 * Rules are typed letter by letter, so a running server goes on with those it has until qs_lab_renew(). */
gboolean qs_lab_set_path (QsLab *self, const char *rules, GError **error);
const char *qs_lab_get_path (QsLab *self); /* NULL: none */
/* Replaces a running server whose path is another one. */
void qs_lab_renew (QsLab *self);

/* Starts it (or does nothing when it runs). FALSE with a translated sentence. */
gboolean qs_lab_start (QsLab *self, GError **error);
void qs_lab_stop (QsLab *self);
gboolean qs_lab_get_running (QsLab *self);
/* A replacement is under way: it will run again in a moment. */
gboolean qs_lab_get_restarting (QsLab *self);
QsServer *qs_lab_get_server (QsLab *self);    /* NULL when it does not run */
const char *qs_lab_get_ca_path (QsLab *self); /* NULL when it does not run */
char *qs_lab_dup_target (QsLab *self);        /* what to probe; NULL when it does not run */
char *qs_lab_dup_expectation (QsLab *self);   /* a translated sentence: what scenario and path let expect */
/* Whether a target is this server. */
gboolean qs_lab_serves (QsLab *self, QsTarget *target);
/* Adds the lab's CA to what a probe of the lab needs. */
void qs_lab_fill_options (QsLab *self, QsProbeOptions *options);

G_END_DECLS
