/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into a program: the nth of its calls that can fail does, once. FAULT_AT: n, from 1; 0 only counts. FAULT_TOLD: a file that
 * gets "CALL NAME N" when it fails; at the end "TOTAL calls N", and, where none fails, "RARE NAME N" for each that is no allocation.
 *
 * Calls of files and sockets count whoever makes them; allocations only where the program itself makes them (OpenSSL, linked into
 * it, and what is tried) or a library that tells its caller (c-ares, nghttp3, libarchive); for GLib's own, and with it json-glib's, end the
 * program, as it says. */
#undef _FILE_OFFSET_BITS /* both names of open() are ours */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#undef fwrite_unlocked /* with optimization glibc has a macro of that name */

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);

static int active;
static long count, fault_at;
static const char *rare[1 << 14]; /* calls that are no allocations, by number, for a choice of what to try */
static long rare_at[1 << 14];
static int n_rare;
static char told[4096];

/* Whose allocations count: the program, and libraries that say what went wrong. */
static const char *const whose[] = { "",           "/libcares.so", "/libnghttp3.so", "/libarchive.so",
                                     "/libssl.so", "/libcrypto.so" };
static struct {
  unsigned long start, end;
} code[sizeof whose / sizeof *whose];

static void
tell (const char *word, const char *name, long n)
{
  char line[256];
  int length = snprintf (line, sizeof line, "%s %s %ld\n", word, name, n);
  int fd = (int) syscall (SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  if (fd < 0)
    return;
  syscall (SYS_write, fd, line, length);
  syscall (SYS_close, fd);
}

static int
fails (const char *name)
{
  if (!__atomic_load_n (&active, __ATOMIC_ACQUIRE))
    return 0;
  long n = __atomic_add_fetch (&count, 1, __ATOMIC_ACQ_REL);
  if (fault_at == 0 && strstr (name, "alloc") == NULL)
    {
      int at = __atomic_fetch_add (&n_rare, 1, __ATOMIC_ACQ_REL);
      if (at < (int) (sizeof rare / sizeof *rare))
        {
          rare[at] = name;
          rare_at[at] = n;
        }
    }
  if (n != fault_at)
    return 0;
  tell ("CALL", name, n);
  return 1;
}

static int
note_code_cb (struct dl_phdr_info *info, size_t size, void *data)
{
  int *n = data;

  for (unsigned at = 0; at < sizeof whose / sizeof *whose; at++)
    if (at == 0 ? *n == 0 : strstr (info->dlpi_name, whose[at]) != NULL)
      for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0)
          {
            code[at].start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            code[at].end = code[at].start + info->dlpi_phdr[i].p_memsz;
          }
  ++*n; /* the program itself comes first */
  return 0;
}

static int
counts (void *caller)
{
  unsigned long at = (unsigned long) caller;

  for (unsigned i = 0; i < sizeof whose / sizeof *whose; i++)
    if (at >= code[i].start && at < code[i].end)
      return 1;
  return 0;
}

__attribute__ ((constructor)) static void
begin (void)
{
  const char *at = getenv ("FAULT_AT"), *file = getenv ("FAULT_TOLD");

  if (at == NULL || file == NULL)
    return;
  fault_at = atol (at);
  snprintf (told, sizeof told, "%s", file);
  dl_iterate_phdr (note_code_cb, &(int){ 0 });
  unsetenv ("LD_PRELOAD");
  __atomic_store_n (&active, 1, __ATOMIC_RELEASE);
}

__attribute__ ((destructor)) static void
end (void)
{
  if (__atomic_exchange_n (&active, 0, __ATOMIC_ACQ_REL))
    {
      for (int i = 0; i < n_rare && i < (int) (sizeof rare / sizeof *rare); i++)
        if (rare[i] != NULL)
          tell ("RARE", rare[i], rare_at[i]);
      tell ("TOTAL", "calls", count);
    }
}

#define BY_PROGRAM counts (__builtin_return_address (0))

void *
malloc (size_t size)
{
  if (active && BY_PROGRAM && fails ("malloc"))
    {
      errno = ENOMEM;
      return NULL;
    }
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  if (active && BY_PROGRAM && fails ("calloc"))
    {
      errno = ENOMEM;
      return NULL;
    }
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  if (active && BY_PROGRAM && fails ("realloc"))
    {
      errno = ENOMEM;
      return NULL;
    }
  return __libc_realloc (memory, size);
}

#define WRAP(type, name, parameters, arguments, failed, error) \
  type name parameters                                         \
  {                                                            \
    static type (*real) parameters;                            \
    if (real == NULL)                                          \
      real = (type (*) parameters) dlsym (RTLD_NEXT, #name);   \
    if (fails (#name))                                         \
      {                                                        \
        errno = error;                                         \
        return failed;                                         \
      }                                                        \
    return real arguments;                                     \
  }

WRAP (int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
WRAP (int, bind, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length), -1, EADDRINUSE)
WRAP (int, connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length), -1, ENETUNREACH)
WRAP (int, listen, (int fd, int n), (fd, n), -1, EADDRINUSE)
WRAP (int, getsockname, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length), -1, ENOBUFS)
WRAP (int, setsockopt, (int fd, int level, int name, const void *value, socklen_t length),
      (fd, level, name, value, length), -1, ENOPROTOOPT)
WRAP (int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned int n, int flags), (fd, messages, n, flags), -1,
      ENOBUFS)
WRAP (ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), -1, ENOBUFS)
WRAP (int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned int n, int flags, struct timespec *timeout),
      (fd, messages, n, flags, timeout), -1, ENOMEM)
WRAP (ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1, ENOMEM)
WRAP (ssize_t, recvfrom, (int fd, void *bytes, size_t n, int flags, struct sockaddr *from, socklen_t *length),
      (fd, bytes, n, flags, from, length), -1, ENOMEM)
WRAP (ssize_t, recv, (int fd, void *bytes, size_t n, int flags), (fd, bytes, n, flags), -1, ECONNRESET)
WRAP (ssize_t, sendto, (int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t length),
      (fd, bytes, n, flags, to, length), -1, ENOBUFS)
WRAP (ssize_t, send, (int fd, const void *bytes, size_t n, int flags), (fd, bytes, n, flags), -1, EPIPE)
WRAP (int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags), (fd, address, length, flags), -1,
      EMFILE)
WRAP (int, accept, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length), -1, EMFILE)
WRAP (int, getpeername, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length), -1, ENOTCONN)
WRAP (int, getsockopt, (int fd, int level, int name, void *value, socklen_t *length), (fd, level, name, value, length),
      -1, ENOPROTOOPT)
WRAP (int, shutdown, (int fd, int how), (fd, how), -1, ENOTCONN)
WRAP (int, socketpair, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds), -1, EMFILE)
WRAP (int, pipe2, (int fds[2], int flags), (fds, flags), -1, EMFILE)
WRAP (ssize_t, getrandom, (void *bytes, size_t n, unsigned int flags), (bytes, n, flags), -1, ENOSYS)
WRAP (int, epoll_create1, (int flags), (flags), -1, EMFILE)
WRAP (int, epoll_ctl, (int fd, int what, int other, struct epoll_event *event), (fd, what, other, event), -1, ENOMEM)
WRAP (int, eventfd, (unsigned int value, int flags), (value, flags), -1, EMFILE)
WRAP (int, timerfd_create, (int clock, int flags), (clock, flags), -1, EMFILE)
WRAP (int, timerfd_settime, (int fd, int flags, const struct itimerspec *new, struct itimerspec *old),
      (fd, flags, new, old), -1, EINVAL)
WRAP (int, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout), -1, EINTR)
WRAP (int, getaddrinfo, (const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result),
      (node, service, hints, result), EAI_AGAIN, EAGAIN)
WRAP (int, fsync, (int fd), (fd), -1, EIO)
WRAP (int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
WRAP (int, rename, (const char *from, const char *to), (from, to), -1, EIO)
WRAP (int, mkdir, (const char *path, mode_t mode), (path, mode), -1, ENOSPC)
WRAP (FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAP (FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL, ENOMEM)
WRAP (FILE *, fopen64, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAP (size_t, fwrite_unlocked, (const void *bytes, size_t size, size_t n, FILE *stream), (bytes, size, n, stream), 0,
      ENOSPC)
WRAP (int, unlink, (const char *path), (path), -1, EACCES)
WRAP (char *, realpath, (const char *path, char *resolved), (path, resolved), NULL, EACCES)
WRAP (int, ftruncate, (int fd, off_t length), (fd, length), -1, EIO)
WRAP (int, flock, (int fd, int how), (fd, how), -1, ENOLCK)
WRAP (DIR *, opendir, (const char *path), (path), NULL, EMFILE)

/* It is closed all the same: what was buffered may be lost. */
int
fclose (FILE *stream)
{
  static int (*real) (FILE *);
  int bad = fails ("fclose");

  if (real == NULL)
    real = (int (*) (FILE *)) dlsym (RTLD_NEXT, "fclose");
  int result = real (stream);
  if (!bad)
    return result;
  errno = ENOSPC;
  return EOF;
}

/* Of files alone: GLib wakes its loops through descriptors that the kernel never fails. */
static int
is_file (int fd)
{
  struct stat info;

  return fd > 2 && fstat (fd, &info) == 0 && S_ISREG (info.st_mode);
}

ssize_t
read (int fd, void *bytes, size_t length)
{
  if (is_file (fd) && fails ("read"))
    {
      errno = EIO;
      return -1;
    }
  return syscall (SYS_read, fd, bytes, length);
}

ssize_t
write (int fd, const void *bytes, size_t length)
{
  if (is_file (fd) && fails ("write"))
    {
      errno = ENOSPC;
      return -1;
    }
  return syscall (SYS_write, fd, bytes, length);
}

static int
open_file (int folder, const char *path, int flags, mode_t mode, const char *name)
{
  if (fails (name))
    {
      errno = EMFILE;
      return -1;
    }
  return (int) syscall (SYS_openat, folder, path, flags, mode);
}

#define OPEN(name, folder, parameters, last)                                     \
  int name parameters                                                            \
  {                                                                              \
    va_list list;                                                                \
    va_start (list, last);                                                       \
    mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg (list, mode_t) : 0; \
    va_end (list);                                                               \
    return open_file (folder, path, flags, mode, #name);                         \
  }

OPEN (open, AT_FDCWD, (const char *path, int flags, ...), flags)
OPEN (open64, AT_FDCWD, (const char *path, int flags, ...), flags)
OPEN (openat, folder, (int folder, const char *path, int flags, ...), flags)
