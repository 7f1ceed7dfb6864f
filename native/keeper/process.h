// What /proc says of one process, and a descriptor that keeps meaning that one.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace keeper {

struct ProcessStat {
  char state;  // 'S' sleeps, proc_pid_stat(5)
  pid_t parent;
  int exit_code;        // a wait(2) status, of one that has ended and was not waited for
  uint64_t start_time;  // clock ticks since boot: with the pid it names a process for good
};
std::optional<ProcessStat> process_stat(pid_t pid);
// The text of /proc/PID/stat.
std::optional<ProcessStat> parse_stat(const std::string& text);

// A pidfd of `pid`. ESRCH when it is not the process any more that was started at `start_time`;
// every other error says nothing of it.
base::Result<base::UniqueFd> open_same_process(pid_t pid, uint64_t start_time);

// The only child of a monitor is the container's init. 0 without one; nothing when that could not
// be read.
std::optional<pid_t> child_of(pid_t parent);
// -1 for both.
pid_t only_child(pid_t parent);

// How one ended that was to tell of itself before: of its wait(2) status, where that is known.
std::string silent_end(const std::string& who, std::optional<int> wait_status);

// We hold descriptors for every container, a guest gets what we were given.
void raise_descriptor_limit();
void restore_descriptor_limit();
// Which that was; to be set where it is known from a program before this one.
rlimit& given_descriptor_limit();

// Maps all of the libraries' files, so that a monitor, which needs other parts of them than we
// do, has nothing of them for itself alone. MADV_POPULATE_READ, kernel 5.14.
void share_libraries();

// Shows `title` in ps(1) instead of the program's arguments.
void keep_arguments(int argc, char** argv);
void set_title(const std::string& title);

}  // namespace keeper
