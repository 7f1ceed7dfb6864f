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
#include "cgroup/kept_files.h"

namespace cgroup {

// Bytes, microseconds and numbers of requests.
enum Figure : size_t {
  kMemory,
  kMemoryPeak,
  kMemoryLimit,
  kSwap,
  kCpu,
  kCpuUser,
  kCpuSystem,
  kPids,
  kReadBytes,
  kWrittenBytes,
  kReads,
  kWrites,
  kFigures,
};

// What they are called in JavaScript, in that order.
constexpr std::array<const char*, kFigures> kFigureNames = {
    "memory",      "memoryPeak", "memoryLimit", "swap",         "cpuUs", "cpuUserUs",
    "cpuSystemUs", "pids",       "readBytes",   "writtenBytes", "reads", "writes"};

using Figures = std::bitset<kFigures>;

// Empty where the machine has no such figure, where the cgroup does not exist, and for a limit that
// is none.
using Stats = std::array<std::optional<uint64_t>, kFigures>;

// Those figures, in the order of `paths`; a file is read only for what is wanted. Fails only for a
// path that is none. `kept`: where files stay open for the next time; without, none does.
base::Result<std::vector<Stats>> stats(const Hierarchies& in, const std::vector<std::string>& paths,
                                       Figures wanted, KeptFiles* kept);

// Processes killed for lack of memory in the path and below.
base::Result<uint64_t> oom_kills(const Hierarchies& in, const std::string& path);

// What `io.stat` says of all devices together: the numbers behind `key=`. No line: nothing was read
// or written.
uint64_t sum_of_devices(std::string_view text, std::string_view key);

// The same of files of v1's throttling, whose lines are a device, a verb and a number.
uint64_t sum_of_verb(std::string_view text, std::string_view verb);

// The number after `key` and a space in a file of such lines.
std::optional<uint64_t> field(std::string_view text, std::string_view key);

}  // namespace cgroup
