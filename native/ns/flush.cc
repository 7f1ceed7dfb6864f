#include "ns/flush.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "ns/place.h"

namespace ns {

using base::last_error;
using base::Status;
using base::success;
using base::SysError;

Status flush(int fd, const std::string& path) {
  return ::fsync(fd) == 0 ? success() : Status(last_error("fsync", path));
}

Status flush_directory(int fd, const std::string& path) {
  auto directory = reopen(fd, O_RDONLY | O_DIRECTORY);
  if (!directory.ok()) return SysError{directory.error().errnum, directory.error().syscall, path};
  return flush(directory->get(), path);
}

Status flush_filesystem(int dirfd, const std::string& path) {
  auto fd = base::open_at(dirfd, path, O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return std::move(fd.error());
  return ::syncfs(fd->get()) == 0 ? success() : Status(last_error("syncfs", path));
}

}  // namespace ns
