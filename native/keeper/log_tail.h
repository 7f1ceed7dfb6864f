// The end of a log file: what an administrator would look at first when a start failed.
#pragma once

#include <sys/types.h>

#include <string>

namespace keeper {

// How long it is now; 0 when there is no such file.
off_t log_size(const std::string& path);

// The last lines from `since` on, at most 4 KiB; "" when there is no such file. A file that is
// shorter was rotated meanwhile, and all of it is new.
std::string log_tail(const std::string& path, off_t since);

}  // namespace keeper
