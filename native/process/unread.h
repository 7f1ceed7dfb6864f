// Processes whose files somebody still waits for. A process can make its command line one that the
// kernel waits for, as by memory that is a file of a FUSE filesystem, and nothing ends that wait
// but the process. So each of them holds one thread and no more, however often it is asked for, and
// a container few.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace process {

struct Unread {
  std::string cgroup;  // of its container; empty for the host's own
  pid_t pid = 0;
  uint64_t start_ticks = 0;
};

// Any thread. Whether nobody is to wait for it: somebody does already, or for too many others.
bool is_unread(const Unread& one);
// A thread waits for it, and nobody for that thread; until `read_at_last`.
void leave_unread(const Unread& one);
void read_at_last(const Unread& one);

}  // namespace process
