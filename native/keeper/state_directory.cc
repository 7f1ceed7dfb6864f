#include "keeper/state_directory.h"

#include <sys/stat.h>

#include <cerrno>

namespace keeper {
namespace {

base::Status make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return base::last_error("mkdir", path);
  if (::chmod(path.c_str(), mode) != 0) return base::last_error("chmod", path);
  return base::success();
}

}  // namespace

base::Status make_directories(const std::string& state_dir) {
  TRY_STATUS(make_directory(state_dir + "/keeper", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/plans", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/exits", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/reboots", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/seccomp", 0700));
  // A container's root walks through here to its own root directory while it starts.
  return make_directory(state_dir + "/rootfs", 0711);
}

}  // namespace keeper
