// What a guest may do to the processes that the host starts in it. The first argument says what.
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Children of the parent's: of whoever started us.
static pid_t sibling(void) {
  return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

static int siblings(void) {
  for (int i = 0; i < 20; i++) {
    if (sibling() == 0) _exit(0);
  }
  if (sibling() == 0) {
    for (int fd = 0; fd < 3; fd++) close(fd);
    for (;;) pause();
  }
  return 0;
}

// Another process has the first word about our end, and does not say it.
static int traced(unsigned seconds) {
  int ready[2];
  if (pipe(ready) != 0) return 1;
  const pid_t us = getpid();
  if (fork() == 0) {
    if (ptrace(PTRACE_SEIZE, us, 0, 0) != 0) _exit(1);
    for (int fd = 0; fd < 3; fd++) close(fd);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    sleep(seconds);
    _exit(0);
  }
  char byte;
  return read(ready[0], &byte, 1) == 1 ? 3 : 1;
}

// Whoever started us traces us from now on, and we stop.
static int traceme(void) {
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) return 1;
  raise(SIGSTOP);
  return 5;
}

// As many as fit into the time, each of them for whoever started us.
static int flood(double seconds);

static int bomb(void) {
  while (fork() >= 0 || usleep(1000) == 0) {
  }
  return 1;
}

static int memory(void) {
  for (;;) {
    char* more = malloc(1 << 20);
    if (more == NULL) return 1;
    memset(more, 1, 1 << 20);
  }
}

static int zombies(int count) {
  for (int i = 0; i < count; i++) {
    if (fork() == 0) _exit(0);
  }
  sleep(1000);
  return 0;
}

// An init: whatever can be caught is.
static int deaf(void) {
  for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
  while (sleep(1000) == 0) {
  }
  return 0;
}

// As many as the kernel lets a process have; they may all be the same.
static int groups(void) {
  static gid_t list[65536];
  if (setgroups(65536, list) != 0) return 1;
  printf("ready\n");
  fflush(stdout);
  pause();
  return 0;
}

static int packets(void) {
  if (fcntl(1, F_SETFL, O_DIRECT) != 0) return 1;
  for (int i = 0; i < 5; i++) {
    if (write(1, "line\n", 5) != 5) return 1;
  }
  return 0;
}

static size_t content(const char* path, char* text, size_t size) {
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  const ssize_t got = read(fd, text, size - 1);
  close(fd);
  if (got <= 0) return 0;
  text[got] = 0;
  return (size_t)got;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Looks at processes as soon as they are there, for what is not of this container.
static int peek(double seconds) {
  static char ours[65536], theirs[65536];
  if (content("/proc/self/net/dev", ours, sizeof ours) == 0) return 1;
  int foreign = 0, looked = 0;
  for (const double end = now() + seconds; now() < end;) {
    // The number of the latest process of this namespace.
    char text[256], path[64];
    if (content("/proc/loadavg", text, sizeof text) == 0) return 1;
    const int last = atoi(strrchr(text, ' ') + 1);
    for (int pid = last; pid <= last + 2; pid++) {
      snprintf(path, sizeof path, "/proc/%d/mountinfo", pid);
      if (content(path, theirs, sizeof theirs) > 0) {
        looked++;
        // The root of the host is never mounted in here, and ours is an overlay.
        if (strstr(theirs, " / /sys/kernel/security ") || strstr(theirs, "/lib/modules")) foreign++;
      }
      snprintf(path, sizeof path, "/proc/%d/net/dev", pid);
      if (content(path, theirs, sizeof theirs) > 0) {
        looked++;
        int lines = 0;
        for (const char* at = theirs; (at = strchr(at, '\n')); at++) lines++;
        if (lines > 3) foreign++;  // two of a heading, and lo alone
      }
      snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
      const size_t size = content(path, theirs, sizeof theirs);
      for (size_t i = 0; i + 9 < size; i++) {
        if (memcmp(theirs + i, "state-dir", 9) == 0) foreign++;
      }
    }
  }
  printf("%d of %d\n", foreign, looked);
  return 0;
}

static int flood(double seconds) {
  for (const double end = now() + seconds; now() < end;) {
    if (sibling() == 0) _exit(0);
  }
  return 0;
}

// Children of the keeper's that it traces, each of which stops again as soon as it is let go.
static int stops(double seconds) {
  const double end = now() + seconds;
  for (int i = 0; i < 200; i++) {
    if (sibling() != 0) continue;
    while (now() < end) {
      if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0) raise(SIGSTOP);
    }
    _exit(0);
  }
  while (now() < end) usleep(1000);
  return 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  const double number = argc > 2 ? atof(argv[2]) : 0;
  if (strcmp(what, "siblings") == 0) return siblings();
  if (strcmp(what, "traced") == 0) return traced((unsigned)number);
  if (strcmp(what, "traceme") == 0) return traceme();
  if (strcmp(what, "packets") == 0) return packets();
  if (strcmp(what, "groups") == 0) return groups();
  if (strcmp(what, "peek") == 0) return peek(number);
  if (strcmp(what, "flood") == 0) return flood(number);
  if (strcmp(what, "stops") == 0) return stops(number);
  if (strcmp(what, "bomb") == 0) return bomb();
  if (strcmp(what, "memory") == 0) return memory();
  if (strcmp(what, "zombies") == 0) return zombies((int)number);
  if (strcmp(what, "deaf") == 0) return deaf();
  return 2;
}
