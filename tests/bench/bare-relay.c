/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bare-relay PORT: what a relay costs at the least, to compare quictap with: two sockets, a datagram at a time, one client, and nothing
 * recorded. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_AT_ONCE 64

static char buffer[65536];

static int
make_socket (int type, int port, int listens)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, type, 0), size = 4 << 20;

  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (fd < 0 || (listens ? bind : connect) (fd, (struct sockaddr *) &address, sizeof address) != 0)
    {
      perror ("bare-relay");
      exit (1);
    }
  return fd;
}

static void
relay_up (int client, int server)
{
  static int known;
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  ssize_t n;

  for (int i = 0; i < MOST_AT_ONCE &&
                  (n = recvfrom (client, buffer, sizeof buffer, MSG_DONTWAIT, (struct sockaddr *) &peer, &length)) >= 0;
       i++)
    send (server, buffer, n, 0);
  if (!known)
    known = connect (client, (struct sockaddr *) &peer, sizeof peer) == 0;
}

static void
relay_down (int client, int server)
{
  ssize_t n;

  for (int i = 0; i < MOST_AT_ONCE && (n = recv (server, buffer, sizeof buffer, MSG_DONTWAIT)) >= 0; i++)
    send (client, buffer, n, 0);
}

static void
run_udp (int client, int server)
{
  struct pollfd fds[] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };

  while (poll (fds, 2, -1) >= 0)
    {
      if (fds[0].revents != 0)
        relay_up (client, server);
      if (fds[1].revents != 0)
        relay_down (client, server);
    }
}

int
main (int argc, char **argv)
{
  struct sockaddr_in bound;
  socklen_t length = sizeof bound;

  if (argc != 2)
    return 2;
  int client = make_socket (SOCK_DGRAM, 0, 1), server = make_socket (SOCK_DGRAM, atoi (argv[1]), 0);
  getsockname (client, (struct sockaddr *) &bound, &length);
  printf ("listening on 127.0.0.1:%d\n", ntohs (bound.sin_port));
  fflush (stdout);
  run_udp (client, server);
  return 1;
}
