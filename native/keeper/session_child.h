// The processes that lead from the keeper into a container, up to exec.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "cgroup/hierarchy.h"
#include "keeper/message.h"

namespace keeper {

// What it is told beside the EXEC frame.
struct SessionPlace {
  std::string payload;  // the cgroup that the container's init was started in
  std::string leaf;     // this session's own cgroup below it, on v2
  std::string filter;   // file of init's seccomp filter
  pid_t init;
};

// Descriptors go with it: where a REPLY with the program's PID is told, and then nothing on success
// (exec closes it) or an ERROR; init's pidfd; the guest's ends of its streams.
Writer session_job(std::string_view exec_frame, const SessionPlace& place);
[[noreturn]] void run_session(const cgroup::Hierarchies& hierarchies, const Message& job,
                              const std::vector<base::UniqueFd>& fds);

}  // namespace keeper
