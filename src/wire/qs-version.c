/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-packet.h"

#include <string.h>

/* Versions that are met in the wild, beside 1 and 2: IANA's registry and the older list of the
 * working group. Ranges are inclusive. */
static const struct {
  guint32 first, last;
  const char *name;
} known_versions[] = {
  { 0x00000000, 0x00000000, "Version Negotiation" },
  { 0x00000001, 0x00000001, "1" },
  { 0x45474700, 0x454747ff, "quant" },
  { 0x50435130, 0x50435131, "picoquic" },
  { 0x50524f58, 0x50524f58, "Proxied QUIC" },
  { 0x51474f00, 0x51474fff, "quic-go" },
  { 0x6b3343cf, 0x6b3343cf, "2 (RFC 9369)" },
  { 0x6f7dc0fd, 0x6f7dc0fd, "SCONE" },
  { 0x709a50c4, 0x709a50c4, "2 draft-01" },
  { 0x91c17000, 0x91c170ff, "quicly" },
  { 0xabcd0000, 0xabcd000f, "MsQuic" },
  { 0xef7dc0fd, 0xef7dc0fd, "SCONE" },
  { 0xf123f0c0, 0xf123f0cf, "MozQuic" },
  { 0xfaceb000, 0xfaceb01f, "mvfst" },
  { 0xff020000, 0xff020000, "2 draft-00" },
};

gboolean
qs_quic_version_is_greased (guint32 version)
{
  /* RFC 9000 section 15: 0x?a?a?a?a. */
  return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

/* 'Q' or 'T', and three digits. */
gboolean
qs_quic_version_is_google (guint32 version)
{
  guint8 letter = (guint8) (version >> 24);

  for (guint shift = 0; shift < 24; shift += 8)
    {
      if (!g_ascii_isdigit ((char) (version >> shift)))
        return FALSE;
    }
  return letter == 'Q' || letter == 'T';
}

guint
qs_quic_version_draft (guint32 version)
{
  static const struct {
    guint32 version;
    guint draft;
  } others[] = {
    { 0xfaceb001, 22 }, { 0xfaceb002, 27 }, { 0xfaceb003, 29 }, { 0xfaceb00e, 27 }, { 0xfaceb010, 29 },
    { 0xfaceb011, 29 }, { 0xfaceb013, 29 }, { 0x54303530, 27 }, /* T050 and T051 have salts of their own */
    { 0x54303531, 29 },
  };

  if (version >= QS_QUIC_DRAFT (22) && version <= QS_QUIC_DRAFT (34))
    return version & 0xff;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      if (others[i].version == version)
        return others[i].draft;
    }
  return 0;
}

gboolean
qs_quic_version_has_old_ids (guint32 version)
{
  return (version >= QS_QUIC_DRAFT (1) && version <= QS_QUIC_DRAFT (21)) ||
         (version >= 0x51303434 && version <= 0x51303439); /* Q044 to Q049 */
}

gboolean
qs_quic_version_is_readable (guint32 version)
{
  return version == QS_QUIC_VERSION_1 || version == QS_QUIC_VERSION_2 || qs_quic_version_draft (version) != 0;
}

gboolean
qs_google_header_parse (QsSpan packet, guint32 *version, QsSpan *cid)
{
  /* Flags: a version follows (1), a connection id of eight bytes is there (8); then the id, and the version. */
  if (packet.data == NULL || packet.length < 13 || (packet.data[0] & 0xc9) != 0x09)
    return FALSE;
  const guint8 *at = packet.data + 9;
  *version = (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
  *cid = QS_SPAN (packet.data + 1, 8);
  return qs_quic_version_is_google (*version) && (*version >> 24) == 'Q';
}

/* Names that many versions share, which say which one it is: "quant 0x45474716", "mvfst (draft-27)". */
static char *
name_of_range (const char *name, guint32 version)
{
  guint draft = qs_quic_version_draft (version);

  return draft != 0 ? g_strdup_printf ("%s (draft-%02u)", name, draft) : g_strdup_printf ("%s 0x%08x", name, version);
}

/* "Google Q039" of any that follows the pattern. */
static char *
google_name (guint32 version)
{
  g_autofree char *name = g_strdup_printf ("Google %c%c%c%c", (char) (version >> 24), (char) (version >> 16),
                                           (char) (version >> 8), (char) version);

  return qs_quic_version_draft (version) != 0 ? name_of_range (name, version) : g_steal_pointer (&name);
}

char *
qs_quic_version_name (guint32 version)
{
  if (qs_quic_version_is_greased (version))
    return g_strdup_printf ("greased 0x%08x", version);
  if (version >= QS_QUIC_DRAFT (1) && version <= QS_QUIC_DRAFT (34))
    return g_strdup_printf ("draft-%02u", version & 0xff);
  if (qs_quic_version_is_google (version))
    return google_name (version);

  for (guint i = 0; i < G_N_ELEMENTS (known_versions); i++)
    if (version >= known_versions[i].first && version <= known_versions[i].last)
      return known_versions[i].first == known_versions[i].last ? g_strdup (known_versions[i].name)
                                                               : name_of_range (known_versions[i].name, version);
  return g_strdup_printf ("0x%08x", version);
}

char *
qs_quic_version_title (guint32 version)
{
  g_autofree char *name = qs_quic_version_name (version);

  if (version == QS_QUIC_VERSION_1 || version == QS_QUIC_VERSION_2)
    return g_strdup_printf ("QUIC v%s", name);
  if (qs_quic_version_is_google (version))
    return g_strdup_printf ("Google QUIC %s", name + strlen ("Google "));
  return g_strdup_printf ("QUIC %s", name);
}
