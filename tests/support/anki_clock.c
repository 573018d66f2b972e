/* Preloaded into every process of a world: a clock that stands where the world says, and a death
   before a chosen step. No time passes in it but what is moved, and a little with every look, so that
   a world does not depend on the speed of the machine. A step is whatever another process could see: a write to a file or a socket,
   a file flushed, cut, renamed or removed. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 1000000

static _Atomic long long *now_ns; /* shared by all processes */
_Atomic long steps;                 /* taken by this process */
_Atomic long fatal_step = -1;       /* before which it dies; never if negative */

#define REAL(name) static __typeof__(&name) real_##name
REAL(clock_gettime);
REAL(pwrite64);
REAL(write);
REAL(writev);
REAL(send);
REAL(sendto);
REAL(fsync);
REAL(fdatasync);
REAL(ftruncate64);
REAL(rename);
REAL(unlink);

__attribute__((constructor)) static void begin(void) {
#define FIND(name) real_##name = dlsym(RTLD_NEXT, #name)
  FIND(clock_gettime);
  FIND(pwrite64);
  FIND(write);
  FIND(writev);
  FIND(send);
  FIND(sendto);
  FIND(fsync);
  FIND(fdatasync);
  FIND(ftruncate64);
  FIND(rename);
  FIND(unlink);
  const char *path = getenv("ANKI_WORLD_CLOCK");
  int file = path ? open(path, O_RDWR) : -1;
  void *page = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  now_ns = page == MAP_FAILED ? 0 : page;
  if (file >= 0)
    close(file);
}

void move_clock(long long ns) {
  if (now_ns)
    *now_ns += ns;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (!now_ns || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
    return real_clock_gettime(clock, now);
  long long ns = *now_ns += LOOK_NS;
  now->tv_sec = ns / 1000000000;
  now->tv_nsec = ns % 1000000000;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec exact;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now)
    *now = exact.tv_sec;
  return exact.tv_sec;
}

static void step(void) {
  if (steps++ == fatal_step)
    kill(getpid(), SIGKILL);
}

#define STEP(type, name, parameters, values) \
  type name parameters {                     \
    step();                                  \
    return real_##name values;               \
  }
STEP(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at))
STEP(ssize_t, write, (int file, const void *data, size_t size), (file, data, size))
STEP(ssize_t, writev, (int file, const struct iovec *parts, int number), (file, parts, number))
STEP(ssize_t, send, (int socket, const void *data, size_t size, int flags), (socket, data, size, flags))
STEP(ssize_t, sendto,
     (int socket, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length),
     (socket, data, size, flags, to, length))
STEP(int, fsync, (int file), (file))
STEP(int, fdatasync, (int file), (file))
STEP(int, ftruncate64, (int file, off64_t size), (file, size))
STEP(int, rename, (const char *from, const char *to), (from, to))
STEP(int, unlink, (const char *path), (path))
