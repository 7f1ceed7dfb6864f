// Where the keeper has what it remembers, below the host's state directory.
#pragma once

#include <string>

#include "base/result.h"

namespace keeper {

// Makes what is missing of it.
base::Status make_directories(const std::string& state_dir);

}  // namespace keeper
