/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"
#include "tap/qs-tap-proxy.h"

/* What a program says to a proxy, at once or byte for byte: it comes to the same, and what it names is a host and a port. */
static QsTapProxyStep
talk (QsTapProxyWish *wish, const guint8 *data, gsize size, gsize piece)
{
  QsTapProxyStep step = QS_TAP_PROXY_MORE;
  gsize from = 0, to = 0;

  while (to < size && (step == QS_TAP_PROXY_MORE || step == QS_TAP_PROXY_GREETED))
    {
      to = MIN (size, to + piece);
      do
        {
          step = qs_tap_proxy_parse (wish, data + from, to - from);
          g_assert_cmpuint (wish->used, <=, to - from);
          from += wish->used;
        }
      while (step == QS_TAP_PROXY_GREETED && from < to);
    }
  return step;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  QsTapProxyWish whole = { 0 }, slow = { 0 };
  QsTapProxyStep step = talk (&whole, data, size, MAX (size, 1)), again = talk (&slow, data, size, 1);
  gsize length;

  /* What is too long is seen to be that as soon as it is. */
  g_assert_true (step == again || size >= QS_TAP_PROXY_MOST);
  if (step == QS_TAP_PROXY_ASKED && again == step)
    {
      g_assert_cmpstr (whole.host, ==, slow.host);
      g_assert_cmpuint (strlen (whole.host), >, 0);
      g_assert_cmpuint (whole.port, ==, slow.port);
      g_assert_cmpuint (whole.port, >, 0);
      g_assert_null (strpbrk (whole.host, " \r\n/@"));
    }
  for (guint i = 0; i <= QS_TAP_PROXY_BUSY; i++)
    g_assert_nonnull (qs_tap_proxy_get_answer (&whole, i, &length));
  return 0;
}
