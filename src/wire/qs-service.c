/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-service.h"

#include <string.h>

#include "base/qs-i18n.h"

typedef struct {
  gboolean (*matches) (QsSpan bytes, QsSpan asked);
  const char *prefix; /* instead: the first bytes, in either case of letters */
  QsService service;
} Look;

static gboolean
has_prefix (QsSpan bytes, const char *prefix)
{
  gsize length = strlen (prefix);

  return bytes.length >= length && g_ascii_strncasecmp ((const char *) bytes.data, prefix, length) == 0;
}

static gboolean
has_text (QsSpan bytes, const char *text)
{
  gsize length = strlen (text);

  for (gsize at = 0; at + length <= bytes.length; at++)
    {
      if (g_ascii_strncasecmp ((const char *) bytes.data + at, text, length) == 0)
        return TRUE;
    }
  return FALSE;
}

static guint
get16 (QsSpan bytes, gsize at)
{
  return (guint) (bytes.data[at] << 8 | bytes.data[at + 1]);
}

/* RFC 854: "interpret as command", and WILL, WON'T, DO or DON'T. */
static gboolean
is_telnet (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 3 && bytes.data[0] == 0xff && bytes.data[1] >= 0xfb && bytes.data[1] <= 0xfe;
}

/* A reply code of SMTP or FTP; which of them the text behind it says. */
static gboolean
is_greeting (QsSpan bytes, const char *const *words)
{
  if (bytes.length < 4 || memcmp (bytes.data, "220", 3) != 0 || (bytes.data[3] != ' ' && bytes.data[3] != '-'))
    return FALSE;
  for (; *words != NULL; words++)
    {
      if (has_text (qs_service_first_line (bytes), *words))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_smtp (QsSpan bytes, QsSpan asked)
{
  static const char *const words[] = { "smtp", "mail", "postfix", "exim", "sendmail", NULL };

  return is_greeting (bytes, words);
}

static gboolean
is_ftp (QsSpan bytes, QsSpan asked)
{
  static const char *const words[] = { "ftp", NULL };

  return is_greeting (bytes, words);
}

/* A packet with number 0 that holds protocol version 10, or an error. */
static gboolean
is_mysql (QsSpan bytes, QsSpan asked)
{
  if (bytes.length < 6 || bytes.data[3] != 0)
    return FALSE;
  guint length = (guint) (bytes.data[0] | bytes.data[1] << 8 | bytes.data[2] << 16);
  return length >= 3 && length < 1024 && (bytes.data[4] == 10 || (bytes.data[4] == 0xff && bytes.data[2] == 0));
}

/* RFC 9113 section 3.4: a server begins with SETTINGS on stream 0. */
static gboolean
is_http2 (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 9 && bytes.data[0] == 0 && bytes.data[3] == 4 && (bytes.data[4] & ~1) == 0 &&
         memcmp (bytes.data + 5, "\0\0\0\0", 4) == 0;
}

/* SSL 2's record with two bytes of length, and its SERVER-HELLO or ERROR. */
static gboolean
is_ssl2 (QsSpan bytes, QsSpan asked)
{
  if (bytes.length < 3 || (bytes.data[0] & 0x80) == 0)
    return FALSE;
  guint length = get16 (bytes, 0) & 0x7fff;
  return (bytes.data[2] == 4 && length >= 11) || (bytes.data[2] == 0 && length == 3);
}

/* RFC 1928: the version, and a method or none. */
static gboolean
is_socks (QsSpan bytes, QsSpan asked)
{
  return bytes.length == 2 && bytes.data[0] == 5 && (bytes.data[1] <= 2 || bytes.data[1] == 0xff);
}

/* The binary header of the PROXY protocol, version 2. */
static gboolean
is_proxy2 (QsSpan bytes, QsSpan asked)
{
  static const guint8 signature[12] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };

  return bytes.length >= sizeof signature && memcmp (bytes.data, signature, sizeof signature) == 0;
}

/* RFC 4511: a SEQUENCE with a message id in it. */
static gboolean
is_ldap (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 7 && bytes.data[0] == 0x30 && bytes.data[1] < 0x80 && bytes.data[2] == 2 && bytes.data[3] == 1;
}

/* RFC 4253 section 4.2: lines of other text may stand before it. */
static gboolean
is_ssh (QsSpan bytes, QsSpan asked)
{
  return has_prefix (bytes, "SSH-") || has_text (bytes, "\nSSH-1.") || has_text (bytes, "\nSSH-2.");
}

/* RFC 959 and RFC 5321 section 4.2: three digits, the first 4 or 5, and text: who refuses before anything was asked. */
static gboolean
is_refusal (QsSpan bytes, QsSpan asked)
{
  QsSpan line = qs_service_first_line (bytes);

  return line.length > 6 && (line.data[0] == '4' || line.data[0] == '5') && g_ascii_isdigit (line.data[1]) &&
         g_ascii_isdigit (line.data[2]) && (line.data[3] == ' ' || line.data[3] == '-') &&
         g_ascii_isalpha (line.data[4]);
}

/* RFC 5321 section 4.2: an enhanced status code of RFC 2034 behind the reply code. */
static gboolean
is_smtp_refusal (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 9 && (bytes.data[0] == '4' || bytes.data[0] == '5') && bytes.data[3] == ' ' &&
         bytes.data[4] == bytes.data[0] && bytes.data[5] == '.' && g_ascii_isdigit (bytes.data[6]) &&
         bytes.data[7] == '.';
}

/* RFC 2449 section 8: what is wrong, in brackets. */
static gboolean
is_pop3_refusal (QsSpan bytes, QsSpan asked)
{
  return has_prefix (bytes, "-ERR [");
}

/* An ErrorResponse: its length, and the fields of severity and SQLSTATE. */
static gboolean
is_postgresql (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 12 && bytes.data[0] == 'E' && bytes.data[1] == 0 && bytes.data[2] == 0 &&
         (has_prefix (QS_SPAN (bytes.data + 5, bytes.length - 5), "SFATAL") ||
          has_prefix (QS_SPAN (bytes.data + 5, bytes.length - 5), "SERROR"));
}

/* RFC 1459 section 2.3: a prefix, and a numeric reply or a notice. */
static gboolean
is_irc (QsSpan bytes, QsSpan asked)
{
  QsSpan line = qs_service_first_line (bytes);
  const guint8 *space = line.length > 5 && line.data[0] == ':' ? memchr (line.data, ' ', line.length - 4) : NULL;

  if (space == NULL)
    return has_prefix (bytes, "NOTICE AUTH ") || has_prefix (bytes, "ERROR :");
  QsSpan command = QS_SPAN (space + 1, line.length - (gsize) (space + 1 - line.data));
  return has_prefix (command, "NOTICE ") ||
         (command.length > 3 && g_ascii_isdigit (command.data[0]) && g_ascii_isdigit (command.data[1]) &&
          g_ascii_isdigit (command.data[2]) && command.data[3] == ' ');
}

/* RFC 2126: the header of TPKT with the length of all, and a connection confirm or a disconnect of X.224. */
static gboolean
is_rdp (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 7 && bytes.data[0] == 3 && bytes.data[1] == 0 && get16 (bytes, 2) == bytes.length &&
         ((bytes.data[5] & 0xf0) == 0xd0 || bytes.data[5] == 0x80);
}

/* MQTT 3.1.1 section 3.2: CONNACK, flags of 0 or 1, a return code of 0 to 5. */
static gboolean
is_mqtt (QsSpan bytes, QsSpan asked)
{
  return bytes.length == 4 && bytes.data[0] == 0x20 && bytes.data[1] == 2 && bytes.data[2] <= 1 && bytes.data[3] <= 5;
}

/* MS-TDS 2.2.3.1: a table response that is whole. */
static gboolean
is_mssql (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 8 && bytes.data[0] == 4 && bytes.data[1] <= 1 && get16 (bytes, 2) == bytes.length &&
         bytes.data[7] == 0;
}

/* CQL's binary protocol: an answer that is an error, and its length. */
static gboolean
is_cassandra (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 9 && (bytes.data[0] & 0xf0) == 0x80 && (bytes.data[0] & 0x0f) >= 1 &&
         (bytes.data[0] & 0x0f) <= 5 && bytes.data[4] == 0 && bytes.data[5] == 0 && bytes.data[6] == 0;
}

/* Oracle's TNS: a refusal says why in brackets. */
static gboolean
is_oracle (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 8 && get16 (bytes, 0) >= 8 && bytes.data[4] == 4 && has_text (bytes, "(ERR=");
}

/* RFC 9846 section 4.2.2: what a client begins with: our own bytes sent back, or somebody else who wants a server. */
static gboolean
is_client_hello (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 6 && bytes.data[0] == 22 && bytes.data[1] == 3 && bytes.data[5] == 1;
}

static gboolean
is_text (QsSpan bytes, QsSpan asked)
{
  QsSpan line = qs_service_first_line (bytes);

  return line.length >= 4;
}

/* --- Datagrams --- */

static gboolean
is_echo (QsSpan bytes, QsSpan asked)
{
  return asked.length > 0 && bytes.length > 0 && bytes.length <= asked.length &&
         memcmp (bytes.data, asked.data, bytes.length) == 0;
}

/* RFC 9147 section 4: a record of version 1.0, 1.2 (or 1.3, which says 1.2). */
static gboolean
is_dtls (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 13 && bytes.data[0] >= 20 && bytes.data[0] <= 26 && bytes.data[1] == 0xfe &&
         bytes.data[2] >= 0xfc;
}

/* RFC 1035 section 4.1.1: what could not be read is sent back by some (unbound) as it was, with QR set and an error code. */
static gboolean
is_dns_refusal (QsSpan bytes, QsSpan asked)
{
  return bytes.length > 12 && bytes.length <= asked.length && memcmp (bytes.data, asked.data, 2) == 0 &&
         (bytes.data[2] & 0x80) != 0 && (asked.data[2] & 0x80) == 0 && (bytes.data[3] & 0x0f) != 0 &&
         memcmp (bytes.data + 4, asked.data + 4, bytes.length - 4) == 0;
}

/* An answer with the id of what was asked: our datagram's first two bytes. */
static gboolean
is_dns (QsSpan bytes, QsSpan asked)
{
  if (is_dns_refusal (bytes, asked))
    return TRUE;
  return bytes.length >= 12 && asked.length >= 2 && memcmp (bytes.data, asked.data, 2) == 0 &&
         (bytes.data[2] & 0x80) != 0 && (bytes.data[3] & 0x0f) <= 10 && get16 (bytes, 4) <= 1 && get16 (bytes, 6) <= 64;
}

/* RFC 8489 section 5: the magic cookie. */
static gboolean
is_stun (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 20 && bytes.data[0] < 0x40 && memcmp (bytes.data + 4, "\x21\x12\xa4\x42", 4) == 0;
}

#define NTP_HEADER 48
#define NTP_STRATA 16

/* RFC 5905 section 7.3: an answer of a server, of version 3 or 4. Its origin timestamp is the transmit timestamp of what was
 * asked: without that one of 32 datagrams of noise would look so. */
static gboolean
is_ntp (QsSpan bytes, QsSpan asked)
{
  if (bytes.length < NTP_HEADER || bytes.length > NTP_HEADER + 20 || asked.length < NTP_HEADER)
    return FALSE;
  guint version = bytes.data[0] >> 3 & 7;

  return (version == 3 || version == 4) && (bytes.data[0] & 7) == 4 && bytes.data[1] <= NTP_STRATA &&
         memcmp (bytes.data + 24, asked.data + 40, 8) == 0;
}

/* The frame header of memcached's UDP: a request id, a number, a count, zero. */
static gboolean
is_memcached (QsSpan bytes, QsSpan asked)
{
  if (bytes.length < 8 + 5 || get16 (bytes, 6) != 0)
    return FALSE;
  QsSpan text = QS_SPAN (bytes.data + 8, bytes.length - 8);
  return has_prefix (text, "ERROR") || has_prefix (text, "CLIENT_ERROR") || has_prefix (text, "SERVER_ERROR");
}

/* RFC 1350: an error, its code, and words. */
static gboolean
is_tftp (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 5 && get16 (bytes, 0) == 5 && get16 (bytes, 2) <= 8 && bytes.data[bytes.length - 1] == 0;
}

/* RFC 7296 section 3.1: version 2.0 at its place, and a length that fits. */
static gboolean
is_ike (QsSpan bytes, QsSpan asked)
{
  return bytes.length >= 28 && bytes.data[17] == 0x20 && get16 (bytes, 24) == 0 && get16 (bytes, 26) == bytes.length;
}

#define NOT_TLS N_ ("Ask for the port that speaks TLS, or connect to this one without TLS.")
#define STARTTLS N_ ("TLS begins there only after a command: ask for the port that speaks TLS from the start.")

static const Look streams[] = {
  { NULL, "HTTP/", { "HTTP", N_ ("That is plain HTTP: this port takes http, not https."), NOT_TLS } },
  { is_ssh, NULL, { "SSH", N_ ("That is an SSH server."), NULL } },
  { is_client_hello,
    NULL,
    { "ClientHello",
      N_ ("That is a ClientHello, which only clients send: an echo service, a loop, or two clients that meet."),
      NULL } },
  { is_smtp_refusal, NULL, { "SMTP", N_ ("That is a mail server (SMTP)."), STARTTLS } },
  { is_smtp, NULL, { "SMTP", N_ ("That is a mail server (SMTP)."), STARTTLS } },
  { NULL, "554 ", { "SMTP", N_ ("That is a mail server (SMTP)."), STARTTLS } },
  { NULL, "421 ", { "SMTP", N_ ("That is a mail server (SMTP)."), STARTTLS } },
  { is_refusal, NULL, { "SMTP or FTP", N_ ("That is how a mail, news or FTP server refuses a client."), STARTTLS } },
  { is_ftp, NULL, { "FTP", N_ ("That is an FTP server."), STARTTLS } },
  { NULL, "220", { "SMTP or FTP", N_ ("That is a mail or FTP server."), STARTTLS } },
  { NULL, "* OK", { "IMAP", N_ ("That is an IMAP server."), STARTTLS } },
  { NULL, "* PREAUTH", { "IMAP", N_ ("That is an IMAP server."), STARTTLS } },
  { NULL, "* BYE", { "IMAP", N_ ("That is an IMAP server."), STARTTLS } },
  { is_pop3_refusal, NULL, { "POP3", N_ ("That is a POP3 server."), STARTTLS } },
  { NULL, "\"IMPLEMENTATION\"", { "ManageSieve", N_ ("That is a server for mail filters (ManageSieve)."), STARTTLS } },
  { NULL, "+OK", { "POP3", N_ ("That is a POP3 server."), STARTTLS } },
  { NULL, "200 ", { "NNTP", N_ ("That is a news server (NNTP)."), STARTTLS } },
  { NULL, "201 ", { "NNTP", N_ ("That is a news server (NNTP)."), STARTTLS } },
  { is_telnet, NULL, { "Telnet", N_ ("That is a Telnet server: it negotiates options."), NULL } },
  { is_mysql, NULL, { "MySQL", N_ ("That is a MySQL or MariaDB server."), STARTTLS } },
  { is_http2, NULL, { "HTTP/2", N_ ("That is HTTP/2 without TLS."), NOT_TLS } },
  { is_ssl2, NULL, { "SSL 2", N_ ("That is SSL 2, which was given up in 1996."), N_ ("Replace the server.") } },
  { is_socks, NULL, { "SOCKS", N_ ("That is a SOCKS proxy."), NULL } },
  { is_ldap, NULL, { "LDAP", N_ ("That is a directory server (LDAP)."), STARTTLS } },
  { is_postgresql, NULL, { "PostgreSQL", N_ ("That is a PostgreSQL server."), STARTTLS } },
  { is_mssql, NULL, { "SQL Server", N_ ("That is a Microsoft SQL Server."), NOT_TLS } },
  { is_oracle, NULL, { "Oracle", N_ ("That is an Oracle database."), NOT_TLS } },
  { is_cassandra, NULL, { "Cassandra", N_ ("That is a Cassandra database."), NOT_TLS } },
  { is_mqtt, NULL, { "MQTT", N_ ("That is a message broker (MQTT)."), NOT_TLS } },
  { is_rdp, NULL, { "RDP", N_ ("That is a Windows remote desktop (RDP)."), STARTTLS } },
  { is_irc, NULL, { "IRC", N_ ("That is a chat server (IRC)."), NOT_TLS } },
  { NULL, "-ERR", { "Redis", N_ ("That is a Redis server."), NOT_TLS } },
  { NULL, "-DENIED", { "Redis", N_ ("That is a Redis server."), NOT_TLS } },
  { NULL, "-NOAUTH", { "Redis", N_ ("That is a Redis server."), NOT_TLS } },
  { NULL, "( success ( ", { "Subversion", N_ ("That is a Subversion server."), NULL } },
  { NULL, "ERROR\r\n", { "memcached", N_ ("That is a memcached server."), NOT_TLS } },
  { NULL, "RTSP/", { "RTSP", N_ ("That is a streaming server (RTSP)."), NULL } },
  { NULL, "SIP/", { "SIP", N_ ("That is a telephony server (SIP)."), NULL } },
  { NULL, "AMQP", { "AMQP", N_ ("That is a message broker (AMQP)."), NOT_TLS } },
  { NULL, "RFB ", { "VNC", N_ ("That is a VNC server."), NULL } },
  { NULL, "@RSYNCD:", { "rsync", N_ ("That is an rsync server."), NULL } },
  { NULL,
    "PROXY ",
    { "PROXY protocol", N_ ("That is a header of the PROXY protocol, meant for the server behind."),
      N_ ("Let the proxy send it to the server, not to the client.") } },
  { is_proxy2,
    NULL,
    { "PROXY protocol", N_ ("That is a header of the PROXY protocol, meant for the server behind."),
      N_ ("Let the proxy send it to the server, not to the client.") } },
  { NULL, "<?xml", { "XMPP", N_ ("That is XML, as a chat server (XMPP) begins with it."), STARTTLS } },
  { NULL, "<stream:", { "XMPP", N_ ("That is a chat server (XMPP)."), STARTTLS } },
  { NULL, "<!doctype html", { "HTTP", N_ ("That is a web page without even a header."), NOT_TLS } },
  { NULL, "<html", { "HTTP", N_ ("That is a web page without even a header."), NOT_TLS } },
  { is_text, NULL, { NULL, N_ ("That is text, of a protocol that is not known here."), NULL } },
};

static const Look datagrams[] = {
  { is_echo,
    NULL,
    { "echo", N_ ("It is our own datagram, sent back: an echo service, or a loop in the network."), NULL } },
  { is_dns, NULL, { "DNS", N_ ("It looks like DNS: a name server answers there."), NULL } },
  { is_dtls,
    NULL,
    { "DTLS", N_ ("It looks like DTLS: a VPN, WebRTC or another service with DTLS lives there."), NULL } },
  { is_stun, NULL, { "STUN", N_ ("It looks like STUN: a server for calls (TURN, WebRTC) lives there."), NULL } },
  { NULL, "HTTP/", { "HTTP", N_ ("It is the text of an HTTP/1 message, as SSDP sends it."), NULL } },
  { NULL, "SIP/", { "SIP", N_ ("It looks like SIP: a telephony server lives there."), NULL } },
  { NULL, "SSH-", { "SSH", N_ ("It looks like SSH, which is at home on TCP."), NULL } },
  { is_memcached,
    NULL,
    { "memcached", N_ ("It looks like memcached."),
      N_ ("Close that port to the world: it is used to flood others.") } },
  { is_ntp, NULL, { "NTP", N_ ("It looks like NTP: a time server lives there."), NULL } },
  { is_ike, NULL, { "IKE", N_ ("It looks like IKE: a VPN (IPsec) lives there."), NULL } },
  { is_tftp, NULL, { "TFTP", N_ ("It looks like an error of TFTP."), NULL } },
  { is_text, NULL, { NULL, N_ ("It is text, of a protocol that is not known here."), NULL } },
};

static const QsService *
find (const Look *looks, guint n, QsSpan bytes, QsSpan asked)
{
  for (guint i = 0; bytes.length > 0 && i < n; i++)
    {
      if (looks[i].matches != NULL ? looks[i].matches (bytes, asked) : has_prefix (bytes, looks[i].prefix))
        return &looks[i].service;
    }
  return NULL;
}

const QsService *
qs_service_of_stream (QsSpan bytes)
{
  return find (streams, G_N_ELEMENTS (streams), bytes, QS_SPAN_NONE);
}

const QsService *
qs_service_of_datagram (QsSpan bytes, QsSpan asked)
{
  return find (datagrams, G_N_ELEMENTS (datagrams), bytes, asked);
}

QsSpan
qs_service_first_line (QsSpan bytes)
{
  gsize length = 0;

  while (length < bytes.length && bytes.data[length] >= 0x20 && bytes.data[length] != 0x7f)
    length++;
  /* What breaks off in a byte that no text has is no line. */
  gboolean ends =
      length == bytes.length || bytes.data[length] == '\r' || bytes.data[length] == '\n' || bytes.data[length] == '\t';
  return ends && g_utf8_validate ((const char *) bytes.data, (gssize) length, NULL) ? QS_SPAN (bytes.data, length)
                                                                                    : QS_SPAN_NONE;
}

static QsSpan
next_line (QsSpan bytes)
{
  const guint8 *end = bytes.length > 0 ? memchr (bytes.data, '\n', bytes.length) : NULL;

  return end != NULL ? QS_SPAN (end + 1, bytes.length - (gsize) (end + 1 - bytes.data)) : QS_SPAN_NONE;
}

QsSpan
qs_service_http_field (QsSpan bytes, const char *name)
{
  gsize length = strlen (name);

  for (QsSpan rest = next_line (bytes); rest.length > length && rest.data[0] != '\r'; rest = next_line (rest))
    {
      if (!has_prefix (rest, name) || rest.data[length] != ':')
        continue;
      QsSpan line = qs_service_first_line (rest);
      gsize at = length + 1;
      while (at < line.length && line.data[at] == ' ')
        at++;
      return line.length > at ? QS_SPAN (line.data + at, line.length - at) : QS_SPAN_NONE;
    }
  return QS_SPAN_NONE;
}
