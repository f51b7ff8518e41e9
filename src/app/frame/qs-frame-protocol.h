/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What quicscope-frame says on its standard output: a line each, a word and a number of microseconds. */
#pragma once

#define QS_FRAME_ALIVE "alive"         /* ten times a second, while its main loop turns */
#define QS_FRAME_CALLING "calling"     /* a connection is begun */
#define QS_FRAME_WORST "worst"         /* its delay meter, since then */
#define QS_FRAME_BLOCKED "blocked"     /* the blocking calls have returned after so long */
#define QS_FRAME_CONNECTED "connected" /* so long the nonblocking ones took */

/* Once, with an id behind it: where its tree of accessible things hangs. */
#define QS_FRAME_ACCESSIBLE "accessible "
