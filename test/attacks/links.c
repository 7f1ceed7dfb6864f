// Links that lead out, while the host is on its way along them. The first argument says what.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Two names change places, as fast as it goes.
static int exchange(const char* one, const char* two, double seconds) {
  long times = 0;
  for (const double end = now() + seconds; now() < end;) {
    for (int i = 0; i < 50; i++, times++) {
      if (syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE) != 0) {
        perror("renameat2");
        return 1;
      }
    }
  }
  // An even number of times: as before.
  printf("%ld\n", times);
  return 0;
}

// Of the host: runs a program with a terminal of its own, and says how large that is afterwards.
static int with_terminal(char** argv) {
  int master, slave;
  struct winsize size = {.ws_row = 11, .ws_col = 22};
  if (openpty(&master, &slave, NULL, NULL, &size) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (ioctl(slave, TIOCSCTTY, 0) != 0) _exit(1);
    execv(argv[0], argv);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  ioctl(master, TIOCGWINSZ, &size);
  printf("%d %d %d\n", WEXITSTATUS(status), size.ws_row, size.ws_col);
  return 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "exchange") == 0) return exchange(argv[2], argv[3], atof(argv[4]));
  if (strcmp(what, "with-terminal") == 0) return with_terminal(argv + 2);
  return 2;
}
