#include "keeper/state_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace keeper {
namespace {

struct Directory {
  const char* path;
  mode_t mode;
};

// A container's root walks through the last one to its own root directory while it starts.
constexpr std::array<Directory, 6> kDirectories{{{"/keeper", 0700},
                                                 {"/keeper/plans", 0700},
                                                 {"/keeper/exits", 0700},
                                                 {"/keeper/reboots", 0700},
                                                 {"/keeper/seccomp", 0700},
                                                 {"/rootfs", 0711}}};

base::Status make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return base::last_error("mkdir", path);
  if (::chmod(path.c_str(), mode) != 0) return base::last_error("chmod", path);
  return base::success();
}

}  // namespace

bool has_directories(const std::string& state_dir) {
  return std::all_of(kDirectories.begin(), kDirectories.end(), [&](const Directory& one) {
    return ::access((state_dir + one.path).c_str(), F_OK) == 0;
  });
}

base::Status make_directories(const std::string& state_dir) {
  for (const auto& [path, mode] : kDirectories) {
    TRY_STATUS(make_directory(state_dir + path, mode));
  }
  return base::success();
}

}  // namespace keeper
