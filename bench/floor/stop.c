// The floor of a stop: init's own signal, its end, and its cgroups removed.
//   stop PID CGROUP
// prints "BEGIN END" in nanoseconds of CLOCK_MONOTONIC.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include "hierarchy.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: stop PID CGROUP\n");
    return 2;
  }
  find_hierarchies();

  int64_t begin = now_ns();
  struct pollfd wait = {.fd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0), .events = POLLIN};
  if (wait.fd < 0 || syscall(SYS_pidfd_send_signal, wait.fd, SIGPWR, NULL, 0)) die(argv[1]);
  while (poll(&wait, 1, -1) < 0 && errno == EINTR) continue;
  for (int i = 0; i < hierarchy_count; i++) {
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", hierarchies[i].mountpoint, argv[2]);
    // The last task leaves its cgroup a moment before or after its pidfd says so.
    while (rmdir(whole))
      if (errno != EBUSY) die(whole);
  }
  printf("%lld %lld\n", (long long)begin, (long long)now_ns());
  return 0;
}
