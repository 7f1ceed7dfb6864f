// What a keeper before this one left behind.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "keeper/plan.h"

namespace keeper {

// The mount namespace that the former keeper's monitors still live in; invalid when none does.
base::UniqueFd mount_namespace_left(const std::string& state_dir);

// The plan in such a file, as it is now.
std::optional<StartPlan> plan_in(const std::string& path);

}  // namespace keeper
