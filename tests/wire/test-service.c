/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-service.h"

#include <string.h>

typedef struct {
  const char *bytes;
  gsize length;     /* 0: up to the NUL */
  const char *name; /* NULL: not known, or but text */
  gboolean known;
} Case;

static const Case streams[] = {
  { "HTTP/1.1 200 OK\r\n", 0, "HTTP", TRUE },
  { "http/1.1 200 OK\r\n", 0, "HTTP", TRUE },
  { "SSH-2.0-x\r\n", 0, "SSH", TRUE },
  { "220 host ESMTP Postfix\r\n", 0, "SMTP", TRUE },
  { "220-FTP here\r\n", 0, "FTP", TRUE },
  { "220 who knows\r\n", 0, "SMTP or FTP", TRUE },
  { "\xff\xfd\x18", 3, "Telnet", TRUE },
  { "\xff\xfa\x18", 3, NULL, FALSE },
  { "\x4a\0\0\0\x0a"
    "8.0",
    8, "MySQL", TRUE },
  { "\x4a\0\0\1\x0a"
    "8.0",
    8, NULL, FALSE },
  { "\x80\x0b\x04\0\1\0\2", 7, "SSL 2", TRUE },
  { "\x80\x0a\x04\0\1\0\2", 7, NULL, FALSE },
  { "\0\0\6\4\0\0\0\0\0", 9, "HTTP/2", TRUE },
  { "\0\0\6\4\0\0\0\0\1", 9, NULL, FALSE },
  { "\5\0", 2, "SOCKS", TRUE },
  { "\r\n\r\n\0\r\nQUIT\n", 12, "PROXY protocol", TRUE },
  { "PROXY TCP4 1 2\r\n", 0, "PROXY protocol", TRUE },
  { "Welcome\r\nSSH-2.0-x\r\n", 0, "SSH", TRUE },
  { "500 5.5.1 Command unrecognized\r\n", 0, "SMTP", TRUE },
  { "500 4.5.1 two minds\r\n", 0, NULL, TRUE },
  { "500 OOPS: vsftpd: no\r\n", 0, "SMTP or FTP", TRUE },
  { "530-Too many users\r\n", 0, "SMTP or FTP", TRUE },
  { "300 more text\r\n", 0, NULL, TRUE },
  { "* BYE no\r\n", 0, "IMAP", TRUE },
  { "-ERR [IN-USE] locked\r\n", 0, "POP3", TRUE },
  { "-ERR unknown command\r\n", 0, "Redis", TRUE },
  { "-DENIED protected\r\n", 0, "Redis", TRUE },
  { "E\0\0\0\x20SFATAL\0C0A000", 18, "PostgreSQL", TRUE },
  { "E\0\0\0\x20SFATUL\0C0A000", 18, NULL, FALSE },
  { ":irc.example.net 451 * :no\r\n", 0, "IRC", TRUE },
  { ":irc.example.net 45x * :no\r\n", 0, NULL, TRUE },
  { "\3\0\0\x0b\6\xd0\0\0\x12\x34\0", 11, "RDP", TRUE },
  { "\3\0\0\x0c\6\xd0\0\0\x12\x34\0", 11, NULL, FALSE },
  { "\x20\2\0\1", 4, "MQTT", TRUE },
  { "\x20\2\0\6", 4, NULL, FALSE },
  { "\4\1\0\x0a\0\0\1\0..", 10, "SQL Server", TRUE },
  { "\4\1\0\x0b\0\0\1\0..", 10, NULL, FALSE },
  { "\x84\0\0\0\0\0\0\0\x3a", 9, "Cassandra", TRUE },
  { "\x84\0\0\0\2\0\0\0\x3a", 9, NULL, FALSE },
  { "\0\x18\0\0\4\0\0\0....(ERR=1153)", 22, "Oracle", TRUE },
  { "\0\x18\0\0\5\0\0\0....(ERR=1153)", 22, NULL, FALSE },
  { "\x16\3\1\0\x10\1", 6, "ClientHello", TRUE },
  { "\x16\3\1\0\x10\2", 6, NULL, FALSE },
  { "hello there\r\n", 0, NULL, TRUE },
  { "hello\1there", 0, NULL, FALSE },
  { "abc", 0, NULL, FALSE },
};

static void
check (const QsService *service, const char *name, gboolean known)
{
  g_assert_true ((service != NULL) == known);
  if (service != NULL)
    g_assert_cmpstr (service->name, ==, name);
}

static void
test_streams (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      const Case *one = &streams[i];
      g_test_message ("%u", i);
      gsize length = one->length > 0 ? one->length : strlen (one->bytes);
      check (qs_service_of_stream (QS_SPAN (one->bytes, length)), one->name, one->known);
    }
  g_assert_null (qs_service_of_stream (QS_SPAN_NONE));
}

static void
test_datagrams (void)
{
  static const guint8 asked[] = { 0xc0, 0x11, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6 };
  QsSpan question = QS_SPAN (asked, sizeof asked);
  guint8 dns[12] = { 0xc0, 0x11, 0x80, 1 };

  check (qs_service_of_datagram (question, question), "echo", TRUE);
  check (qs_service_of_datagram (QS_SPAN (dns, 12), question), "DNS", TRUE);
  check (qs_service_of_datagram (QS_SPAN (dns, 11), question), NULL, FALSE);
  /* The question sent back with an error: unbound's way. */
  static const guint8 unread[] = { 0xc0, 0x11, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3 };
  guint8 back[] = { 0xc0, 0x11, 0x80, 1, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3 };
  check (qs_service_of_datagram (QS_SPAN (back, sizeof back), QS_SPAN (unread, sizeof unread)), "DNS", TRUE);
  back[14] ^= 1;
  check (qs_service_of_datagram (QS_SPAN (back, sizeof back), QS_SPAN (unread, sizeof unread)), NULL, FALSE);
  dns[1] ^= 1; /* another question's answer */
  check (qs_service_of_datagram (QS_SPAN (dns, 12), question), NULL, FALSE);
  check (qs_service_of_datagram (QS_SPAN ("\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x32", 15), question), "DTLS", TRUE);
  check (qs_service_of_datagram (QS_SPAN ("\x1b\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x32", 15), question), NULL, FALSE);
  check (qs_service_of_datagram (QS_SPAN ("\1\1\0\0\x21\x12\xa4\x42............", 20), question), "STUN", TRUE);
  check (qs_service_of_datagram (QS_SPAN ("\0\5\0\4bad.", 8), question), NULL, FALSE);
  check (qs_service_of_datagram (QS_SPAN ("\0\5\0\4bad", 8), question), "TFTP", TRUE);
}

static void
test_fields (void)
{
  static const char text[] = "HTTP/1.1 302 Found\r\nServer: x\r\nlocation:  http://a/b\r\n\r\nLocation: c\r\n";
  QsSpan bytes = QS_SPAN (text, sizeof text - 1), value = qs_service_http_field (bytes, "Location");

  g_assert_cmpmem (value.data, value.length, "http://a/b", 10);
  g_assert_cmpuint (qs_service_http_field (bytes, "Via").length, ==, 0);
  value = qs_service_first_line (bytes);
  g_assert_cmpmem (value.data, value.length, "HTTP/1.1 302 Found", 18);
  g_assert_cmpuint (qs_service_http_field (QS_SPAN (text, 30), "Location").length, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/streams", test_streams);
  g_test_add_func ("/service/datagrams", test_datagrams);
  g_test_add_func ("/service/http-fields", test_fields);
  return g_test_run ();
}
