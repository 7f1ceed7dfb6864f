// An init that starts nothing: it collects the dead, halts on SIGTERM and reboots on SIGINT.
#include <signal.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  if (write(1, "quiet\n", 6) < 0) return 1;
  for (;;) {
    int got = 0;
    sigwait(&all, &got);
    if (got == SIGTERM) reboot(RB_POWER_OFF);
    if (got == SIGINT) reboot(RB_AUTOBOOT);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
}
