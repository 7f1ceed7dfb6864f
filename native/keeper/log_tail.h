// The end of a log file: what an administrator would look at first when a start failed.
#pragma once

#include <string>

namespace keeper {

// The last lines, at most 4 KiB; "" when there is no such file.
std::string log_tail(const std::string& path);

}  // namespace keeper
