/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lessons/qs-lesson.h"
#include "tap/qs-tap-connection.h"

G_BEGIN_DECLS

/**
 * QsLessonWitness: who stands on the way to a lesson's server (tap/qs-tap.h), and the program that makes the run if no probe does.
 *
 * What is shown is the first connection that passes. Where the setup withholds the keys, none are read; else the program's own
 * key log is. It is told to trust the server's authority (SSL_CERT_FILE and its like).
 */
typedef struct _QsLessonWitness QsLessonWitness;

typedef void (*QsLessonWitnessFunc) (gpointer data);

/* setup: borrowed; port: the server's, of 127.0.0.1. NULL with an error. */
QsLessonWitness *qs_lesson_witness_new (const QsLessonSetup *setup, guint16 port, const char *ca_file, GError **error);
/* Of 127.0.0.1: where a client has to go. */
guint16 qs_lesson_witness_get_port (QsLessonWitness *self);
/* Starts the program, if there is to be one. func: all is over, once. */
void qs_lesson_witness_start (QsLessonWitness *self, QsLessonWitnessFunc func, gpointer data);
/* Ends the program and the way; func follows, from the main loop. */
void qs_lesson_witness_stop (QsLessonWitness *self);
/* Of the connection that is shown (transfer none); NULL: none has come. */
QsStudy *qs_lesson_witness_get_study (QsLessonWitness *self);
/* Why none has come, in a translated sentence that says what to do; NULL: one has, or it goes on. */
const char *qs_lesson_witness_get_error (QsLessonWitness *self);
void qs_lesson_witness_free (QsLessonWitness *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsLessonWitness, qs_lesson_witness_free)

G_END_DECLS
