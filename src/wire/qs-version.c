/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-packet.h"

/* Versions that are met in the wild, beside 1 and 2: IANA's registry and the older list of the
 * working group. Ranges are inclusive. */
static const struct {
  guint32 first, last;
  const char *name;
} known_versions[] = {
  { 0x00000000, 0x00000000, "Version Negotiation" },
  { 0x00000001, 0x00000001, "1" },
  { 0x45474700, 0x454747ff, "Quant" },
  { 0x50435130, 0x50435131, "picoquic" },
  { 0x50524f58, 0x50524f58, "Proxied QUIC" },
  { 0x51303433, 0x51303433, "Google Q043" },
  { 0x51303434, 0x51303434, "Google Q044" },
  { 0x51303436, 0x51303436, "Google Q046" },
  { 0x51303530, 0x51303530, "Google Q050" },
  { 0x51474f00, 0x51474fff, "quic-go" },
  { 0x54303530, 0x54303530, "Google T050" },
  { 0x54303531, 0x54303531, "Google T051" },
  { 0x6b3343cf, 0x6b3343cf, "2 (RFC 9369)" },
  { 0x709a50c4, 0x709a50c4, "2 draft-01" },
  { 0x91c17000, 0x91c170ff, "quicly" },
  { 0xabcd0000, 0xabcd000f, "MsQuic" },
  { 0xf123f0c0, 0xf123f0cf, "MozQuic" },
  { 0xfaceb001, 0xfaceb00f, "mvfst" },
  { 0xff020000, 0xff020000, "2 draft-00" },
};

gboolean
qs_quic_version_is_greased (guint32 version)
{
  /* RFC 9000 section 15: 0x?a?a?a?a. */
  return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

char *
qs_quic_version_name (guint32 version)
{
  if (qs_quic_version_is_greased (version))
    return g_strdup_printf ("greased 0x%08x", version);
  if (version >= 0xff000001 && version <= 0xff000022)
    return g_strdup_printf ("draft-%02u", version & 0xff);

  for (guint i = 0; i < G_N_ELEMENTS (known_versions); i++)
    if (version >= known_versions[i].first && version <= known_versions[i].last)
      return g_strdup (known_versions[i].name);
  return g_strdup_printf ("0x%08x", version);
}
