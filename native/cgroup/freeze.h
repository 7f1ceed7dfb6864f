// Stopping and continuing everything in a cgroup, through whichever freezer the machine has.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cgroup/clock.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

// Freezes the path and all below it and waits until the kernel says that it holds. When it does not
// within `timeout_ms` (a process in uninterruptible sleep), that is taken back: ETIMEDOUT.
// On a hybrid machine this is the v1 freezer, since that is the one liblxc looks at.
base::Status freeze(const Hierarchies& in, const std::string& path, int timeout_ms);

// Thaws the path, in both freezers, and so takes a freeze back: what a guest has frozen of itself
// stays so. With `below`, every cgroup below it too, whoever has frozen that; ETIMEDOUT
// when these are too many to be visited before `until`, of now_ms().
base::Status thaw(const Hierarchies& in, const std::string& path, bool below,
                  int64_t until = kNever);

// Whether the path is frozen as a whole.
base::Result<bool> frozen(const Hierarchies& in, const std::string& path);

}  // namespace cgroup
