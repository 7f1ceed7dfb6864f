// The processes that lead from the keeper into a container, up to exec.
#pragma once

#include <string>
#include <vector>

#include "cgroup/hierarchy.h"
#include "keeper/message.h"

namespace keeper {

struct SessionInput {
  const cgroup::Hierarchies& hierarchies;
  std::string payload;  // the cgroup that the container's init was started in
  std::string leaf;     // this session's own cgroup below it, on v2
  std::string filter;   // file of init's seccomp filter
  pid_t init;
  int init_fd;  // pidfd
  // What to run.
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups;
  bool tty;
  unsigned short rows;
  unsigned short cols;
  // Without a terminal: the guest's ends.
  int streams[3];
  int report;  // PID, then nothing on success (exec closes it), or an ERROR
};

[[noreturn]] void run_session(const SessionInput& input);

}  // namespace keeper
