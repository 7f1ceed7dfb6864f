// The files of a cgroup that tell of changes, and what a change means. Who waits is somebody else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

struct Change {
  enum class Type { kPopulated, kFrozen, kOom, kRemoved };
  Type type;
  bool value = false;             // kPopulated, kFrozen
  std::optional<uint64_t> kills;  // kOom, where the kernel has a sum
};

class Watch {
 public:
  // Populated and frozen come from the unified hierarchy, also where it has no controllers; lack of
  // memory from wherever the memory controller is. ENOENT when neither has the path.
  static base::Result<Watch> open(const Hierarchies& in, const std::string& path);

  // Descriptors to wait for, -1 where there is none, and whether it is POLLPRI (else POLLIN).
  static constexpr size_t kEvents = 0;
  static constexpr size_t kMemory = 1;
  [[nodiscard]] int fd(size_t which) const;
  [[nodiscard]] bool priority(size_t which) const { return which == kEvents || v2_memory_; }

  // What changed since the last look at that descriptor. The first look at kEvents reports how it
  // is. After kRemoved that descriptor is to be forgotten.
  std::vector<Change> look(size_t which);

 private:
  base::UniqueFd events_;
  base::UniqueFd memory_;   // v2: memory.events; v1: the eventfd
  base::UniqueFd control_;  // v1: memory.oom_control, which the eventfd is about
  bool v2_memory_ = false;
  std::optional<bool> populated_;
  std::optional<bool> frozen_;
  uint64_t kills_ = 0;
};

}  // namespace cgroup
