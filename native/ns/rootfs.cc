// Each call resolves its directory once, keeps the descriptor, and acts on names below that.
#include "ns/rootfs.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "base/file.h"
#include "base/retry.h"
#include "ns/syscalls.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::success;
using base::SysError;
using base::UniqueFd;

// The kernel answers EAGAIN when a rename or mount elsewhere made ".." doubtful. A guest that
// renames all the time must not hold us here for ever.
constexpr int kResolveTries = 128;

Status check_regular(const UniqueFd& fd, const std::string& path, mode_t* found) {
  struct stat info{};
  if (::fstat(fd.get(), &info) < 0) return last_error("fstat", path);
  if (found != nullptr) *found = info.st_mode;
  if (S_ISREG(info.st_mode)) return success();
  return SysError{S_ISDIR(info.st_mode) ? EISDIR : EINVAL, "openat2", path};
}

// Gives `temporary` its final name, or removes it.
Status settle(const Place& place, const std::string& temporary, Status so_far,
              const std::string& path) {
  if (so_far.ok()) {
    if (::renameat(place.dir.get(), temporary.c_str(), place.dir.get(), place.name.c_str()) == 0) {
      return so_far;
    }
    so_far = last_error("renameat", path);
  }
  (void)::unlinkat(place.dir.get(), temporary.c_str(), 0);
  return so_far;
}

}  // namespace

Result<UniqueFd> open_in_root(int root, const std::string& path, int flags, mode_t mode) {
  if (path.find('\0') != std::string::npos) return SysError{EINVAL, "openat2", path};
  sys::OpenHow how{};
  how.flags = static_cast<uint64_t>(static_cast<unsigned>(flags)) | O_CLOEXEC;
  if ((flags & O_PATH) == 0) how.flags |= O_NOCTTY;
  how.mode = mode;
  how.resolve = sys::kResolveInRoot | sys::kResolveNoMagiclinks;
  for (int tries = 0;; ++tries) {
    UniqueFd fd(static_cast<int>(base::retry(
        [&] { return ::syscall(sys::kOpenat2, root, path.c_str(), &how, sizeof how); })));
    if (fd.valid()) return fd;
    if (errno != EAGAIN || tries == kResolveTries) return last_error("openat2", path);
  }
}

Result<UniqueFd> open_file_in_root(int root, const std::string& path, int flags, mode_t mode,
                                   mode_t* found) {
  const int rest = flags & ~(O_CREAT | O_EXCL);
  for (int tries = 0;; ++tries) {
    if ((flags & O_EXCL) == 0) {
      // O_PATH touches nothing: a device is not opened, a FIFO wakes nobody. What was seen to be a
      // regular file is then opened through its own descriptor, so it cannot be swapped in between.
      auto seen = open_in_root(root, path, O_PATH | (flags & (O_NOFOLLOW | O_DIRECTORY)));
      if (seen.ok()) {
        TRY_STATUS(check_regular(*seen, path, found));
        auto fd = reopen(seen->get(), (rest & ~O_NOFOLLOW) | O_NOCTTY | O_NONBLOCK);
        if (!fd.ok()) fd.error().path = path;
        return fd;
      }
      if (seen.error().errnum != ENOENT || (flags & O_CREAT) == 0) return seen;
    }
    // O_EXCL never follows a link and never opens what exists. EEXIST without the caller's O_EXCL
    // is somebody faster than us, or a link that leads nowhere.
    auto made = open_in_root(root, path, rest | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (made.ok() || (flags & O_EXCL) != 0 || made.error().errnum != EEXIST || tries == 8) {
      return made;
    }
  }
}

Result<std::string> read_file_in_root(int root, const std::string& path, size_t limit) {
  auto fd = open_file_in_root(root, path, O_RDONLY);
  if (!fd.ok()) return std::move(fd.error());
  return base::read_fd(fd->get(), path, limit);
}

Status write_file_in_root(int root, const std::string& path, std::string_view data, mode_t mode,
                          Owner owner, Flush when) {
  auto place = open_place(root, path);
  if (!place.ok()) return std::move(place.error());
  const std::string temporary = temporary_name();
  auto fd =
      base::open_at(place->dir.get(), temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!fd.ok()) {
    fd.error().path = path;
    return std::move(fd.error());
  }
  Status status = base::write_all(fd->get(), data, path);
  if (status.ok()) status = give(fd->get(), path, owner);
  // After the owner: a change of owner takes setuid away.
  if (status.ok() && ::fchmod(fd->get(), mode) < 0) status = last_error("fchmod", path);
  const bool now = when == Flush::kNow;
  if (status.ok() && now) status = flush(fd->get(), path);
  status = settle(*place, temporary, std::move(status), path);
  return status.ok() && now ? flush_directory(place->dir.get(), path) : status;
}

Status mkdir_in_root(int root, const std::string& path, mode_t mode, Owner owner,
                     std::vector<Place>* made) {
  for (size_t end = 0; end < path.size();) {
    const size_t start = path.find_first_not_of('/', end);
    if (start == std::string::npos) break;
    end = std::min(path.find('/', start), path.size());
    const std::string prefix = path.substr(0, end);
    auto there = open_in_root(root, prefix, O_PATH | O_DIRECTORY);
    if (there.ok()) continue;
    if (there.error().errnum != ENOENT) return std::move(there.error());
    auto place = open_place(root, prefix);
    if (!place.ok()) return std::move(place.error());
    if (::mkdirat(place->dir.get(), place->name.c_str(), 0700) < 0) {
      const SysError error = last_error("mkdirat", prefix);
      // Somebody was faster, or it is a link that leads nowhere.
      if (error.errnum == EEXIST && open_in_root(root, prefix, O_PATH | O_DIRECTORY).ok()) continue;
      return error;
    }
    auto fd = base::open_at(place->dir.get(), place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (made != nullptr) made->push_back(std::move(*place));
    if (!fd.ok()) return std::move(fd.error());
    TRY_STATUS(give(fd->get(), prefix, owner));
    if (::fchmod(fd->get(), mode) < 0) return last_error("fchmod", prefix);
  }
  return success();
}

Status symlink_in_root(int root, const std::string& path, const std::string& target, Owner owner) {
  auto place = open_place(root, path);
  if (!place.ok()) return std::move(place.error());
  const std::string temporary = temporary_name();
  if (::symlinkat(target.c_str(), place->dir.get(), temporary.c_str()) < 0) {
    return last_error("symlinkat", path);
  }
  Status status = success();
  auto link = base::open_at(place->dir.get(), temporary, O_PATH | O_NOFOLLOW);
  if (link.ok())
    status = give(link->get(), path, owner);
  else
    status = std::move(link.error());
  return settle(*place, temporary, std::move(status), path);
}

Result<std::string> readlink_in_root(int root, const std::string& path) {
  auto link = open_in_root(root, path, O_PATH | O_NOFOLLOW);
  if (!link.ok()) return std::move(link.error());
  char target[PATH_MAX];
  const ssize_t size = ::readlinkat(link->get(), "", target, sizeof target);
  // The empty path makes the kernel say ENOENT where readlink says EINVAL.
  if (size < 0) {
    if (errno == ENOENT) errno = EINVAL;
    return last_error("readlinkat", path);
  }
  return std::string(target, static_cast<size_t>(size));
}

Status unlink_in_root(int root, const std::string& path) {
  auto place = open_place(root, path);
  if (!place.ok()) return std::move(place.error());
  if (::unlinkat(place->dir.get(), place->name.c_str(), 0) < 0) return last_error("unlinkat", path);
  return success();
}

Result<struct stat> stat_in_root(int root, const std::string& path, bool follow) {
  auto fd = open_in_root(root, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  if (!fd.ok()) return std::move(fd.error());
  struct stat info{};
  if (::fstat(fd->get(), &info) < 0) return last_error("fstat", path);
  return info;
}

}  // namespace ns
