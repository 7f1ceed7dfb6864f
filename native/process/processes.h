// Processes of containers, and of the whole host, with what /proc says of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroup/hierarchy.h"

namespace process {

enum class Among {
  kCgroups,  // those in the cgroups: costs what is in these
  kHost,     // all that there are
  kPids,     // those of these numbers that there are
};

struct Asked {
  std::shared_ptr<const cgroup::Hierarchies> in;
  std::vector<std::string> cgroups;  // none below another one
  Among among = Among::kCgroups;
  std::vector<pid_t> pids;
  bool commands = true;   // whether command lines are read, too
  bool strangers = true;  // whether those that are in none of the cgroups are told, too
};

struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t inner_pid = 0;  // in the pid namespace below ours; 0 when there is none
  char state = '?';
  uint64_t start_ticks = 0;  // since the boot: with the number, it names a process for good
  uint64_t cpu_ticks = 0;    // user and system
  uint64_t vmsize = 0;       // bytes
  uint64_t rss = 0;          // bytes
  uint32_t ruid = 0;
  uint32_t euid = 0;
  uint32_t rgid = 0;
  uint32_t egid = 0;
  int cgroup = -1;      // which of those asked for it is in or below; -1: in none
  bool slow = false;    // its files did not come in time: there is no command
  std::string name;     // as the process likes: any bytes but NUL
  std::string command;  // the same; empty for threads of the kernel, and for what has ended
};

// What vanishes meanwhile is left out. A process that keeps who reads it waiting is given a second,
// and is `slow`; after the first one in a call, others are given less.
base::Result<std::vector<Process>> read(Asked asked);

}  // namespace process
