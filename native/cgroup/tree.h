// Making, joining, emptying and removing one cgroup path in every hierarchy at once.
#pragma once

#include <sys/types.h>

#include <climits>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroup/clock.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

// mkdir -p in every hierarchy. On v1 an empty cpuset takes its parent's CPUs and memory nodes, as
// nothing can join it otherwise. With `enable_controllers`, every parent on v2 hands down cpu,
// cpuset, io, memory and pids as far as it has them.
base::Status create(const Hierarchies& in, const std::string& path, bool enable_controllers);

// Removes the path and all below it wherever it exists; not existing is fine. A cgroup whose last
// process is still on its way out answers EBUSY, so that is retried until `timeout_ms` has passed.
// `walk_ms` bounds one look at all that is below, which a guest may have made a lot: ETIMEDOUT.
base::Status remove(const Hierarchies& in, const std::string& path, int timeout_ms = 2000,
                    int walk_ms = 600'000);

// Moves a process (0: the caller) into the path in every hierarchy.
base::Status join(const Hierarchies& in, const std::string& path, pid_t pid);

// Process ids in the path and below, as the hierarchy that knows most of them says. ENOENT when the
// path is in no hierarchy, ETIMEDOUT from `until` on, of now_ms().
base::Result<std::vector<pid_t>> procs(const Hierarchies& in, const std::string& path,
                                       int64_t until = kNever);
// The same, of one hierarchy. EOVERFLOW when there are more than so many cgroups, of which a guest
// makes as many as it likes.
base::Result<std::vector<pid_t>> procs_in(const Hierarchy& hierarchy, const std::string& path,
                                          int most_cgroups = INT_MAX, int64_t until = kNever);

// Mountpoints of the hierarchies that have the path.
base::Result<std::vector<std::string>> exists(const Hierarchies& in, const std::string& path);

// SIGKILL for everything in the path and below, frozen or not. Does not wait for the end of it.
// Not existing is fine. ETIMEDOUT after `timeout_ms`, as a guest may have made a lot to look at.
base::Status kill(const Hierarchies& in, const std::string& path, int timeout_ms = 600'000);

// One small file of a controller at the path: its v1 hierarchy, else the unified one. ENODEV when
// the machine has no such controller.
base::Status write(const Hierarchies& in, const std::string& path, const std::string& controller,
                   const std::string& file, const std::string& value);
base::Result<std::string> read(const Hierarchies& in, const std::string& path,
                               const std::string& controller, const std::string& file);

}  // namespace cgroup
