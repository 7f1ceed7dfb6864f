// What many cgroups use, read in one go.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

// Bytes and microseconds.
enum Figure : size_t {
  kMemory,
  kMemoryPeak,
  kMemoryLimit,
  kSwap,
  kCpu,
  kCpuUser,
  kCpuSystem,
  kPids,
  kFigures,
};

// What they are called in JavaScript, in that order.
constexpr std::array<const char*, kFigures> kFigureNames = {
    "memory", "memoryPeak", "memoryLimit", "swap", "cpuUs", "cpuUserUs", "cpuSystemUs", "pids"};

using Figures = std::bitset<kFigures>;

// Empty where the machine has no such figure, where the cgroup does not exist, and for a limit that
// is none.
using Stats = std::array<std::optional<uint64_t>, kFigures>;

// Those figures, in the order of `paths`; a file is opened only for what is wanted. Fails only for
// a path that is none.
base::Result<std::vector<Stats>> stats(const Hierarchies& in, const std::vector<std::string>& paths,
                                       Figures wanted);

// Processes killed for lack of memory in the path and below.
base::Result<uint64_t> oom_kills(const Hierarchies& in, const std::string& path);

// The number after `key` and a space in a file of such lines.
std::optional<uint64_t> field(std::string_view text, std::string_view key);

}  // namespace cgroup
