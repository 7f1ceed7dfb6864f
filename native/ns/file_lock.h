// A lock on a file that cannot go stale: the kernel frees it with the descriptor, however the
// process ends. An OFD lock (Linux 3.15), as a classic one would go with any close() of the file.
#pragma once

#include <fcntl.h>

#include "base/result.h"
#include "base/retry.h"

namespace ns {

// False when another process, or another descriptor of this one, has it. Does not wait.
inline base::Result<bool> lock_file(int fd) {
  struct flock lock = {};  // the whole file; l_pid must be 0
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (base::retry([&] { return ::fcntl(fd, F_OFD_SETLK, &lock); }) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return base::last_error("fcntl");
}

}  // namespace ns
