// What many cgroups use, read in one go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

// Bytes and microseconds. Empty where the machine has no such figure, where the cgroup does not
// exist, and for a limit that is none.
struct Stats {
  std::optional<uint64_t> memory;
  std::optional<uint64_t> memory_peak;
  std::optional<uint64_t> memory_limit;
  std::optional<uint64_t> swap;
  std::optional<uint64_t> cpu_us;
  std::optional<uint64_t> cpu_user_us;
  std::optional<uint64_t> cpu_system_us;
  std::optional<uint64_t> pids;
};

// In the order of `paths`. Fails only for a path that is none.
base::Result<std::vector<Stats>> stats(const Hierarchies& in,
                                       const std::vector<std::string>& paths);

// Processes killed for lack of memory in the path and below.
base::Result<uint64_t> oom_kills(const Hierarchies& in, const std::string& path);

// The number after `key` and a space in a file of such lines.
std::optional<uint64_t> field(std::string_view text, std::string_view key);

}  // namespace cgroup
