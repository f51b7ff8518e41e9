/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The captures of the tests' data, taken apart into packets and put together otherwise. */
#pragma once

#include "study/qs-study-file.h"
#include "study/qs-study.h"

#define HEAD 24

typedef struct {
  const char *file, *keys;
} Capture;

typedef struct {
  const guint8 *bytes; /* record and packet */
  guint32 length;      /* of the packet in the file */
  gboolean by_client;
} Packet;

typedef struct {
  guint8 *data;
  gsize length;
  GArray *packets; /* Packet */
  char *keys;
  gboolean big;
} File;

guint32 read32 (const guint8 *at, gboolean big);
/* Bytes before IP's header: Ethernet, Linux cooked 1 and 2, loopback, none. */
gsize link_length (guint32 link);
/* Of a file below tests/. */
char *path_of (const char *name);
/* A pcap, or a pcapng of one interface; its packets by who sent them, the first one being the client's. */
void file_init (File *file, const Capture *capture);
void file_clear (File *file);
/* At most so many bytes of it. */
void add_packet (GByteArray *out, const File *file, const Packet *packet, guint32 most);
/* As the file of these bytes would be opened; NULL with error. keys: NULL for none. */
GPtrArray *open_bytes (const GByteArray *bytes, const char *keys, GError **error);
