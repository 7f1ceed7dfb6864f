// Runs in a process that shares the caller's memory, also its errno: no call in here may fail, no
// allocation, no lock. All signals were blocked before the clone and stay so.
#include "ns/child_userns.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace ns {

#if defined(__clang__) || defined(__GNUC__)
__attribute__((no_sanitize("address", "undefined", "thread")))
#endif
int child_userns(void* parent_pid) {
  ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // The parent may have died before the line above.
  while (::syscall(SYS_getppid) == *static_cast<pid_t*>(parent_pid)) {
    ::syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
  }
  ::syscall(SYS_exit, 0);
  return 0;
}

}  // namespace ns
