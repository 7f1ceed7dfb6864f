// Times programs from a lean process, so that a row does not pay for the fork of a Node process.
//   spawn LOG program argument... [--- program argument...]...
// runs them one after the other and prints "BEGIN END" in nanoseconds of CLOCK_MONOTONIC. The word
// "exit:PID" in the place of a program waits until that process has ended; "hide:FILE" before the
// first makes FILE look empty to all of them and is not timed.
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common.h"

extern char** environ;

static void await_exit(pid_t pid) {
  struct pollfd wait = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
  if (wait.fd < 0) {
    if (errno == ESRCH) return;
    die("pidfd_open");
  }
  while (poll(&wait, 1, -1) < 0 && errno == EINTR) continue;
  close(wait.fd);
}

static void hide(const char* file) {
  if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL)) die("unshare");
  if (mount("/dev/null", file, NULL, MS_BIND, NULL)) die(file);
}

static void run(char** argv) {
  pid_t pid;
  int status;
  errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
  if (errno) die(argv[0]);
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) die("waitpid");
  if (status) {
    fprintf(stderr, "%s %s: wait status 0x%x\n", argv[0], argv[1] ? argv[1] : "", status);
    _exit(1);
  }
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: spawn LOG program argument...\n");
    return 2;
  }
  int result = fcntl(1, F_DUPFD_CLOEXEC, 10);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int log = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (result < 0 || null < 0 || log < 0) die(argv[1]);
  // Runtimes hand their own stdio to the container: it must not be the pipe of who measures.
  dup2(null, 0);
  dup2(log, 1);
  dup2(log, 2);

  char** from = argv + 2;
  if (!strncmp(*from, "hide:", 5)) hide(*from++ + 5);
  int64_t begin = now_ns();
  while (*from) {
    char** to = from;
    while (*to && strcmp(*to, "---")) to++;
    int more = *to != NULL;
    *to = NULL;
    if (!strncmp(*from, "exit:", 5)) {
      await_exit(atoi(*from + 5));
    } else {
      run(from);
    }
    from = to + more;
  }
  int64_t end = now_ns();
  dprintf(result, "%lld %lld\n", (long long)begin, (long long)end);
  return 0;
}
