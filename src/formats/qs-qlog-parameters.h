/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"

G_BEGIN_DECLS

/* The transport parameters of a parameters_set event as they stand on the wire (RFC 9000 section 18), so that they are
 * shown as those of a connection with bytes are. NULL when it has none. */
GBytes *qs_qlog_parse_parameters (QsJson data);

G_END_DECLS
