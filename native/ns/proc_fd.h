// The name that leads to the very file behind a descriptor, for calls that refuse O_PATH ones.
#pragma once

#include <string>

namespace ns {

inline std::string proc_fd(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

}  // namespace ns
