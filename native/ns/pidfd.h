// Processes by descriptor: a number may be somebody else's a moment later, a pidfd never is.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace ns {

base::Result<base::UniqueFd> pidfd_open(pid_t pid);

// ESRCH once the process is gone.
base::Status pidfd_send_signal(int pidfd, int signal);

// A copy of descriptor `fd` of that process. Needs the right to trace it.
base::Result<base::UniqueFd> pidfd_getfd(int pidfd, int fd);

// The number in our pid namespace; ESRCH once the process was reaped.
base::Result<pid_t> pidfd_pid(int pidfd);

// What is known of a process, without being its parent.
struct ProcessStatus {
  bool exited = false;
  // As wait(2) gives it. Only since kernel 6.15 and only while somebody keeps the pidfd.
  std::optional<int> wait_status;
};
base::Result<ProcessStatus> pidfd_status(int pidfd);

}  // namespace ns
