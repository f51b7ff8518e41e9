/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-recipe.h"

#include <string.h>

#include "base/qs-i18n.h"

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define UNQUOTED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+:,./@%"

static const char by_environment[] =
    N_ ("It writes its secrets to the file that SSLKEYLOGFILE names, which is set for it.");

static const QsTapRecipe recipes[] = {
  { "curl", N_ ("curl, over TCP; with --http3-only behind its name over QUIC, where it was built for that"),
    by_environment,
    WORDS ("curl", "--connect-to", "{host}:{target-port}:{address}:{port}", "https://{host}:{target-port}/"),
    WORDS ("curl", "--proxy", "socks5h://{address}:{port}", "https://example.org/") },
  { "chromium", N_ ("Chromium and its kin, with a profile of its own and HTTP/3 from the first request on"),
    by_environment,
    WORDS ("chromium", "--user-data-dir={cache}/quicscope-chromium", "--no-first-run",
           "--host-resolver-rules=MAP {host}:{target-port} {address}:{port}",
           "--origin-to-force-quic-on={host}:{target-port}", "https://{host}:{target-port}/"),
    WORDS ("chromium", "--user-data-dir={cache}/quicscope-chromium", "--no-first-run",
           "--proxy-server=socks5://{address}:{port}") },
  { "firefox", N_ ("Firefox, with a profile of its own"),
    N_ ("In about:config of that profile set network.dns.forceResolve to the address that quictap listens on, and for "
        "HTTP/3 "
        "network.http.http3.alt-svc-mapping-for-testing to “HOST;h3=:PORT” with its port; --listen=127.0.0.1:PORT "
        "keeps that port. "
        "It writes its secrets to the file that SSLKEYLOGFILE names, which quictap sets."),
    WORDS ("firefox", "--new-instance", "--profile", "{cache}/quicscope-firefox", "https://{host}:{port}/") },
  { "ngtcp2", N_ ("ngtcp2's client, HTTP/3"), by_environment,
    WORDS ("gtlsclient", "--quiet", "--exit-on-all-streams-close", "--sni={host}", "{ip}", "{port}",
           "https://{host}:{target-port}/") },
  { "openssl", N_ ("openssl s_client over QUIC (3.5 and newer)"), N_ ("Its secrets go where -keylogfile says."),
    WORDS ("openssl", "s_client", "-quic", "-alpn", "h3", "-connect", "{address}:{port}", "-servername", "{host}",
           "-keylogfile", "{keylog}") },
  { "openssl-tcp", N_ ("openssl s_client over TCP"), N_ ("Its secrets go where -keylogfile says."),
    WORDS ("openssl", "s_client", "-connect", "{address}:{port}", "-servername", "{host}", "-keylogfile", "{keylog}") },
  { "aioquic", N_ ("aioquic: a handshake and a ping"),
    N_ ("In a program of your own: secrets_log_file and server_name of its QuicConfiguration."),
    WORDS ("python3", "-c",
           "import asyncio\n"
           "from aioquic.asyncio.client import connect\n"
           "from aioquic.quic.configuration import QuicConfiguration\n"
           "async def main():\n"
           "    with open('{keylog}', 'a') as secrets:\n"
           "        configuration = QuicConfiguration(alpn_protocols=['h3'], server_name='{host}', "
           "secrets_log_file=secrets)\n"
           "        async with connect('{ip}', {port}, configuration=configuration) as client:\n"
           "            await client.ping()\n"
           "asyncio.run(main())") },
  { "quic-go", N_ ("quic-go's example client, built in its folder example/client"),
    N_ ("In a program of your own: KeyLogWriter and ServerName of its tls.Config; dial the address that quictap "
        "listens on."),
    WORDS ("./client", "-insecure", "-keylog", "{keylog}", "https://{address}:{port}/") },
  { "node", N_ ("Node.js, over TCP"), N_ ("Its secrets go where --tls-keylog says."),
    WORDS ("node", "--tls-keylog={keylog}", "-e",
           "require('https').get({ host: '{ip}', port: {port}, servername: '{host}', headers: { host: '{host}' } }, "
           "answer => answer.pipe(process.stdout))") },
  { "python", N_ ("Python's ssl module, over TCP"),
    N_ ("Contexts of ssl.create_default_context() write their secrets to the file that SSLKEYLOGFILE names, which "
        "quictap sets."),
    WORDS ("python3", "-c",
           "import socket, ssl\n"
           "context = ssl.create_default_context()\n"
           "with context.wrap_socket(socket.create_connection(('{ip}', {port})), server_hostname='{host}') as stream:\n"
           "    stream.sendall(b'GET / HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n')\n"
           "    while piece := stream.recv(65536):\n"
           "        print(piece.decode(errors='replace'), end='')") },
  { "java", N_ ("Java, with the agent extract-tls-secrets"),
    N_ ("Its own libraries have no key log: the agent writes one. The program has to ask for the address and port that "
        "quictap "
        "listens on, as with a line in /etc/hosts."),
    WORDS ("java", "-javaagent:extract-tls-secrets.jar={keylog}", "-jar", "program.jar", "{url}") },
  { "dotnet", N_ (".NET 9 and newer"),
    N_ ("It writes its secrets to the file that SSLKEYLOGFILE names where “System.Net.EnableSslKeyLogging” is true in "
        "configProperties of the program's runtimeconfig.json. The program has to ask for the address and port that "
        "quictap listens "
        "on."),
    WORDS ("dotnet", "program.dll", "{url}") },
  { "quicprobe", N_ ("quicprobe, to see how it looks from without"),
    N_ ("Its secrets go where --keylog says, in the end."),
    WORDS ("quicprobe", "--keylog={keylog}", "--resolve={host}:{port}:{ip}", "https://{host}:{port}/") },
};

const QsTapRecipe *
qs_tap_recipes (guint *n_recipes)
{
  *n_recipes = G_N_ELEMENTS (recipes);
  return recipes;
}

const QsTapRecipe *
qs_tap_recipe_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (recipes); i++)
    if (g_str_equal (recipes[i].name, name))
      return &recipes[i];
  return NULL;
}

/* --- Places --- */

/* The one that stands for all is none that a program could ask for. */
static char *
dup_ip (GSocketAddress *listen)
{
  GInetAddress *address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (listen));

  if (!g_inet_address_get_is_any (address))
    return g_inet_address_to_string (address);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (g_inet_address_get_family (address));
  return g_inet_address_to_string (loopback);
}

static char *
dup_value (const QsTapPlaces *places, const char *name)
{
  g_autofree char *ip = places->listen != NULL ? dup_ip (places->listen) : NULL;
  guint port = places->listen != NULL ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (places->listen)) : 0;
  g_autofree char *address = ip != NULL && strchr (ip, ':') != NULL ? g_strdup_printf ("[%s]", ip) : g_strdup (ip);

  if (g_str_equal (name, "host"))
    return g_strdup (places->host);
  if (g_str_equal (name, "target-port"))
    return places->target_port != 0 ? g_strdup_printf ("%u", places->target_port) : NULL;
  if (g_str_equal (name, "keylog"))
    return g_strdup (places->key_log);
  if (places->listen == NULL)
    return NULL;
  if (g_str_equal (name, "address"))
    return g_steal_pointer (&address);
  if (g_str_equal (name, "ip"))
    return g_steal_pointer (&ip);
  if (g_str_equal (name, "port"))
    return g_strdup_printf ("%u", port);
  if (g_str_equal (name, "url"))
    return g_strdup_printf ("https://%s:%u/", address, port);
  if (g_str_equal (name, "cache"))
    return g_strdup (g_get_user_cache_dir ());
  return NULL;
}

char *
qs_tap_places_fill (const QsTapPlaces *places, const char *word)
{
  g_return_val_if_fail (places != NULL && word != NULL, NULL);

  GString *text = g_string_new (NULL);

  while (*word != '\0')
    {
      const char *end = *word == '{' ? strchr (word, '}') : NULL;
      g_autofree char *name = end != NULL ? g_strndup (word + 1, (gsize) (end - word - 1)) : NULL;
      g_autofree char *value = name != NULL ? dup_value (places, name) : NULL;

      if (value != NULL)
        g_string_append (text, value);
      else
        g_string_append_c (text, *word);
      word = value != NULL ? end + 1 : word + 1;
    }
  return g_string_free (text, FALSE);
}

char **
qs_tap_places_fill_all (const QsTapPlaces *places, const char *const *words)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (; *words != NULL; words++)
    {
      g_autofree char *word = qs_tap_places_fill (places, *words);
      g_strv_builder_add (builder, word);
    }
  return g_strv_builder_end (builder);
}

/* A shell takes a pair of braces without a comma or dots as it stands. */
static char *
quote (const char *word)
{
  return word[strspn (word, UNQUOTED "{}")] == '\0' ? g_strdup (word) : g_shell_quote (word);
}

static gboolean
names_key_log (const char *const *words)
{
  for (const char *const *word = words; *word != NULL; word++)
    if (strstr (*word, "{keylog}") != NULL)
      return TRUE;
  return FALSE;
}

static char *
dup_filled (const char *const *recipe, const QsTapPlaces *places)
{
  g_auto (GStrv) words = qs_tap_places_fill_all (places, recipe);
  GString *text = g_string_new (NULL);

  if (places->key_log != NULL && !names_key_log (recipe))
    {
      g_autofree char *quoted = quote (places->key_log);
      g_string_append_printf (text, "SSLKEYLOGFILE=%s ", quoted);
    }
  for (char **word = words; *word != NULL; word++)
    {
      g_autofree char *quoted = quote (*word);
      g_string_append_printf (text, "%s%s", word == words ? "" : " ", quoted);
    }
  return g_string_free (text, FALSE);
}

char *
qs_tap_recipe_dup_words (const QsTapRecipe *recipe, const QsTapPlaces *places)
{
  g_return_val_if_fail (recipe != NULL && places != NULL, NULL);

  return dup_filled (recipe->words, places);
}

char *
qs_tap_recipe_dup_proxied_words (const QsTapRecipe *recipe, const QsTapPlaces *places)
{
  static const char *const by_variable[] = { "env", "https_proxy=http://{address}:{port}", "PROGRAM", NULL };

  g_return_val_if_fail (recipe != NULL && places != NULL, NULL);

  return dup_filled (recipe->proxied != NULL ? recipe->proxied : by_variable, places);
}

char *
qs_tap_recipe_dup_command (const QsTapRecipe *recipe, const char *host, guint16 port)
{
  g_return_val_if_fail (recipe != NULL && host != NULL, NULL);

  const QsTapPlaces places = { host, port, NULL, NULL };
  gboolean literal = strchr (host, ':') != NULL;
  g_auto (GStrv) words = qs_tap_places_fill_all (&places, recipe->words);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, literal ? "quictap --to=[%s]:%u --" : "quictap --to=%s:%u --", host, port);
  for (char **word = words; *word != NULL; word++)
    {
      g_autofree char *quoted = quote (*word);
      g_string_append_printf (text, " %s", quoted);
    }
  return g_string_free (text, FALSE);
}
