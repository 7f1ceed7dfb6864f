// The init of every container in the bench. It stamps CLOCK_MONOTONIC on entry into its own name,
// as 15 hexadecimal digits: /proc/PID/comm is readable the same way in every row and needs no file,
// mount or descriptor that one of the runtimes might treat differently. Then it waits for a stop
// signal.
#include <linux/prctl.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "freestanding.h"

#define BIT(signal) (1UL << ((signal) - 1))

// systemd's halt is SIGRTMIN+3 with the C library's SIGRTMIN of 34, SIGPWR is liblxc's default.
static const unsigned long stop_signals = BIT(SIGPWR) | BIT(SIGTERM) | BIT(SIGINT) | BIT(34 + 3);

void _start(void) {
  struct timespec time;
  call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&time, 0, 0);
  uint64_t stamp = (uint64_t)time.tv_sec * 1000000000UL + (uint64_t)time.tv_nsec;
  char name[16];
  for (int i = 14; i >= 0; i--, stamp >>= 4) name[i] = "0123456789abcdef"[stamp & 15];
  name[15] = 0;
  call(SYS_prctl, PR_SET_NAME, (long)name, 0, 0);

  // Blocked signals are kept for a pid 1 that has no handler for them.
  call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&stop_signals, 0, sizeof stop_signals);
  while (call(SYS_rt_sigtimedwait, (long)&stop_signals, 0, 0, sizeof stop_signals) < 0) continue;
  call(SYS_exit_group, 0, 0, 0, 0);
  __builtin_unreachable();
}
