#include "ns/place.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "ns/rootfs.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::SysError;
using base::UniqueFd;

int own_proc = -EBADF;  // see keep_own_proc()

}  // namespace

Result<int> keep_own_proc() {
  auto fd = base::open_at(AT_FDCWD, "/proc/self/fd", O_PATH | O_DIRECTORY);
  if (!fd.ok()) return std::move(fd.error());
  own_proc = fd->release();  // for the rest of the process's life
  return own_proc;
}

Result<UniqueFd> reopen(int fd, int flags) {
  const std::string name = std::to_string(fd);
  if (own_proc >= 0) return base::open_at(own_proc, name, flags);
  return base::open_at(AT_FDCWD, "/proc/self/fd/" + name, flags);
}

Status link_unnamed(int fd, int dir, const std::string& name) {
  const std::string number = std::to_string(fd);
  const std::string path = own_proc >= 0 ? number : "/proc/self/fd/" + number;
  const int from = own_proc >= 0 ? own_proc : AT_FDCWD;
  if (::linkat(from, path.c_str(), dir, name.c_str(), AT_SYMLINK_FOLLOW) < 0) {
    return last_error("linkat", name);
  }
  return base::success();
}

Result<Place> open_place(int root, const std::string& path) {
  size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return SysError{EINVAL, "openat2", path};
  const size_t slash = path.rfind('/', end);
  const std::string name =
      slash == std::string::npos ? path.substr(0, end + 1) : path.substr(slash + 1, end - slash);
  if (name == "." || name == ".." || path.find('\0') != std::string::npos) {
    return SysError{EINVAL, "openat2", path};
  }
  const std::string parent = slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
  auto dir = open_in_root(root, parent, O_PATH | O_DIRECTORY);
  if (!dir.ok()) return std::move(dir.error());
  return Place{std::move(*dir), name};
}

std::string temporary_name() {
  return ".vpsadminos-new-" + base::random_digits();
}

Status give(int fd, const std::string& path, Owner owner) {
  const Owner nobody;
  if (owner.uid == nobody.uid && owner.gid == nobody.gid) return base::success();
  if (::fchownat(fd, "", owner.uid, owner.gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
    return last_error("fchownat", path);
  }
  return base::success();
}

void remove_made(std::vector<Place>& made) {
  for (; !made.empty(); made.pop_back()) {
    (void)::unlinkat(made.back().dir.get(), made.back().name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace ns
