/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "doctor/qs-doctor-facts.h"
#include "study/qs-study.h"

G_BEGIN_DECLS

/* What settled studies tell: of the run over TCP, and of one to an address over QUIC. */
void qs_doctor_read_web (QsDoctorFacts *facts, QsStudy *study);
void qs_doctor_read_endpoint (QsEndpoint *endpoint, QsStudy *study);

G_END_DECLS
