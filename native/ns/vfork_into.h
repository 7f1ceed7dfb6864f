// vfork(2) for a function: a child that runs in our memory, while we wait, until it executes a
// program or ends. It can be born in a cgroup of v2: moving there later would take the kernel's
// lock around all process groups, and on a quiet host that waits for an RCU grace period, 5 to 25
// ms.
#pragma once

#include <cstdint>

#include <sys/types.h>

#include "base/result.h"

namespace ns {

struct VforkInto {
  uint64_t flags = 0;    // of clone(2), beside those that make it a vfork
  int cgroup = -EBADF;   // descriptor of its directory; negative: in ours
  pid_t* pid = nullptr;  // where the child's pid is written before it runs, as we count
};

// `run` never returns, and what it changes in memory stays changed. Kernel 5.7.
base::Result<pid_t> vfork_into(const VforkInto& how, void (*run)(void*), void* argument);

}  // namespace ns
