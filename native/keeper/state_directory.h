// Where the keeper has what it remembers, below the host's state directory.
#pragma once

#include <string>

#include "base/result.h"

namespace keeper {

// Whoever cleans up may have taken any of them.
bool has_directories(const std::string& state_dir);

// Makes what is missing of them.
base::Status make_directories(const std::string& state_dir);

}  // namespace keeper
