// What a keeper before this one left behind.
#pragma once

#include <string>

#include "base/fd.h"

namespace keeper {

// The mount namespace that the former keeper's monitors still live in; invalid when none does.
base::UniqueFd mount_namespace_left(const std::string& state_dir);

}  // namespace keeper
