/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

/* A QUIC client for tests of the server, on the same main loop: OpenSSL on QsUdpBio, and nothing of the engine above
 * it that would hide what was received. */
typedef struct {
  SSL *ssl;
  GString *received;
  GBytes *unsent; /* what the stream's window did not take yet */
  gsize unsent_at;
  gboolean conclude, concluded, finished;
} ClientStream;

typedef struct {
  SSL_CTX *context;
  SSL *ssl;
  GSource *source;
  GPtrArray *streams; /* ClientStream */
  gboolean established, closed;
  int verify;
  SSL_CONN_CLOSE_INFO close; /* reason: below */
  GBytes *reason;
} Client;

typedef struct {
  const char *alpn;   /* default hq-interop */
  const char *name;   /* SNI and what the certificate is checked for; default localhost */
  const char *groups; /* NULL: OpenSSL's own */
  const char *ca_pem; /* NULL: anything goes */
  guint idle_ms;      /* 0: OpenSSL's own */
} ClientOptions;

Client *client_new (guint16 port, const ClientOptions *options);
void client_free (Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

/* length -1: a string. The stream is concluded after it where conclude says so. */
ClientStream *client_open (Client *client, const void *bytes, gssize length, gboolean conclude);
void client_close (Client *client);

typedef gboolean (*Condition) (gpointer data);
/* Runs the main loop until the condition holds; fails the test after 30 s. */
void run_until_at (Condition condition, gpointer data, const char *what);
#define run_until(condition, data) run_until_at ((Condition) (condition), data, #condition)
gboolean client_is_established (Client *client);
gboolean client_is_closed (Client *client);
gboolean client_is_settled (Client *client);   /* either */
gboolean client_all_finished (Client *client); /* every stream has its end, or the connection is closed */
