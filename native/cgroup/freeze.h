// Stopping and continuing everything in a cgroup, through whichever freezer the machine has.
#pragma once

#include <string>

#include "base/result.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

// Freezes the path and all below it and waits until the kernel says that it holds. When it does not
// within `timeout_ms` (a process in uninterruptible sleep), everything is thawed again: ETIMEDOUT.
// On a hybrid machine this is the v1 freezer, since that is the one liblxc looks at.
base::Status freeze(const Hierarchies& in, const std::string& path, int timeout_ms);

// Thaws the path and every cgroup below it, in both freezers.
base::Status thaw(const Hierarchies& in, const std::string& path);

// Whether the path is frozen as a whole.
base::Result<bool> frozen(const Hierarchies& in, const std::string& path);

}  // namespace cgroup
