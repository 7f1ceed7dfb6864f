// The hierarchies as JavaScript holds them, for all rooms that work on cgroups.
#pragma once

#include <utility>

#include "cgroup/hierarchy.h"
#include "cgroup/kept_files.h"

namespace cgroup {

struct Opened {
  static constexpr const char* kTypeName = "cgroup.Hierarchies";
  explicit Opened(Hierarchies hierarchies) : in(std::move(hierarchies)) {}
  const Hierarchies in;
  KeptFiles kept;
};

}  // namespace cgroup
