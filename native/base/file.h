// Small files of the kernel and of ours, read and written whole, relative to a
// directory descriptor so that no path is resolved twice.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <fcntl.h>

#include "base/fd.h"
#include "base/result.h"

namespace base {

// Nothing that a kernel interface prints is larger; a file that is gets EFBIG.
constexpr size_t kMaxSmallFile = 4 * 1024 * 1024;

Result<UniqueFd> open_at(int dirfd, const std::string& path, int flags, mode_t mode = 0);
Result<std::string> read_at(int dirfd, const std::string& path, size_t limit = kMaxSmallFile);
Result<std::string> read_fd(int fd, std::string_view name, size_t limit = kMaxSmallFile);
// One write(2), as cgroup and proc files demand: a short write is an error (EIO).
Status write_at(int dirfd, const std::string& path, std::string_view data);
Status write_all(int fd, std::string_view data, std::string_view name);

inline Result<std::string> read_file(const std::string& path, size_t limit = kMaxSmallFile) {
  return read_at(AT_FDCWD, path, limit);
}
inline Status write_file(const std::string& path, std::string_view data) {
  return write_at(AT_FDCWD, path, data);
}

}  // namespace base
