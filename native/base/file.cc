#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/retry.h"

namespace base {

Result<UniqueFd> open_at(int dirfd, const std::string& path, int flags, mode_t mode) {
  UniqueFd fd(retry([&] { return ::openat(dirfd, path.c_str(), flags | O_CLOEXEC, mode); }));
  if (!fd.valid()) return last_error("openat", path);
  return fd;
}

Result<std::string> read_fd(int fd, std::string_view name, size_t limit) {
  std::string data;
  size_t used = 0;
  for (;;) {
    data.resize(used + 4096 + used / 2);
    const ssize_t got = retry([&] { return ::read(fd, data.data() + used, data.size() - used); });
    if (got < 0) return last_error("read", name);
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (used > limit) return SysError{EFBIG, "read", std::string(name)};
  }
  data.resize(used);
  return data;
}

Result<std::string> read_at(int dirfd, const std::string& path, size_t limit) {
  auto fd = open_at(dirfd, path, O_RDONLY);
  if (!fd.ok()) return std::move(fd.error());
  return read_fd(fd->get(), path, limit);
}

Status write_at(int dirfd, const std::string& path, std::string_view data) {
  auto fd = open_at(dirfd, path, O_WRONLY);
  if (!fd.ok()) return std::move(fd.error());
  const ssize_t put = retry([&] { return ::write(fd->get(), data.data(), data.size()); });
  if (put < 0) return last_error("write", path);
  if (static_cast<size_t>(put) != data.size()) return SysError{EIO, "write", path};
  return success();
}

Status write_all(int fd, std::string_view data, std::string_view name) {
  while (!data.empty()) {
    const ssize_t put = retry([&] { return ::write(fd, data.data(), data.size()); });
    if (put < 0) return last_error("write", name);
    data.remove_prefix(static_cast<size_t>(put));
  }
  return success();
}

}  // namespace base
