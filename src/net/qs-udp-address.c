/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "net/qs-udp-bio-private.h"

gsize
qs_sockaddr_length (const struct sockaddr *address)
{
  return address->sa_family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
}

GSocketAddress *
qs_sockaddr_to_gio (const struct sockaddr *address)
{
  g_return_val_if_fail (address != NULL, NULL);

  return g_socket_address_new_from_native ((gpointer) address, qs_sockaddr_length (address));
}

char *
qs_socket_address_to_text (GSocketAddress *address)
{
  g_return_val_if_fail (G_IS_INET_SOCKET_ADDRESS (address), NULL);

  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  gboolean v6 = g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6;
  return g_strdup_printf (v6 ? "[%s]:%u" : "%s:%u", host, g_inet_socket_address_get_port (inet));
}

/* BIO_ADDR hides its sockaddr, so it is built and read by parts. A zone id does not fit into it: link-local
 * peers work on connected sockets alone, where OpenSSL's address is not used. */
void
qs_sockaddr_to_bio (const QsSockaddr *from, BIO_ADDR *to)
{
  if (from->any.sa_family == AF_INET6)
    BIO_ADDR_rawmake (to, AF_INET6, &from->v6.sin6_addr, sizeof from->v6.sin6_addr, from->v6.sin6_port);
  else if (from->any.sa_family == AF_INET)
    BIO_ADDR_rawmake (to, AF_INET, &from->v4.sin_addr, sizeof from->v4.sin_addr, from->v4.sin_port);
  else
    BIO_ADDR_clear (to);
}

gboolean
qs_sockaddr_from_bio (const BIO_ADDR *from, int family, QsSockaddr *to)
{
  memset (to, 0, sizeof *to);
  if (from == NULL || BIO_ADDR_family (from) != family)
    return FALSE;

  size_t length = 0;
  to->any.sa_family = (sa_family_t) family;
  if (family == AF_INET6)
    {
      to->v6.sin6_port = BIO_ADDR_rawport (from);
      return BIO_ADDR_rawaddress (from, &to->v6.sin6_addr, &length);
    }
  to->v4.sin_port = BIO_ADDR_rawport (from);
  return BIO_ADDR_rawaddress (from, &to->v4.sin_addr, &length);
}
