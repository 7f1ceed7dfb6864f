// The order in copy_attributes matters: a change of owner drops setuid and file capabilities.
#include "ns/copy_file.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/file.h"
#include "base/retry.h"
#include "ns/proc_fd.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::success;
using base::SysError;

constexpr unsigned long kFiclone = _IOW(0x94, 9, int);
// Between two looks at `stop`.
constexpr off_t kStretch = 64 * 1024 * 1024;
constexpr size_t kBuffer = 128 * 1024;

Status copy_by_hand(int from, int to, off_t start, off_t end, Stop stop) {
  const std::unique_ptr<char[]> buffer(new char[kBuffer]);
  while (start < end) {
    if (stopped(stop)) return SysError{ECANCELED, "write", {}};
    const size_t wanted = std::min<size_t>(kBuffer, static_cast<size_t>(end - start));
    const ssize_t got = base::retry([&] { return ::pread(from, buffer.get(), wanted, start); });
    if (got < 0) return last_error("pread");
    if (got == 0) return success();
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = base::retry([&] {
        return ::pwrite(to, buffer.get() + done, static_cast<size_t>(got - done), start + done);
      });
      if (put < 0) return last_error("pwrite");
      done += put;
    }
    start += got;
  }
  return success();
}

Status copy_range(int from, int to, off_t start, off_t end, Stop stop) {
  while (start < end) {
    if (stopped(stop)) return SysError{ECANCELED, "copy_file_range", {}};
    off_t in = start;
    off_t out = start;
    const auto wanted = static_cast<size_t>(std::min(kStretch, end - start));
    const ssize_t got =
        base::retry([&] { return ::copy_file_range(from, &in, to, &out, wanted, 0); });
    if (got < 0) {
      // Two filesystems of different types, or one that never learned it.
      if (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS) {
        return copy_by_hand(from, to, start, end, stop);
      }
      return last_error("copy_file_range");
    }
    // Shrunk meanwhile, or a file whose size lies; reading tells.
    if (got == 0) return copy_by_hand(from, to, start, end, stop);
    start += got;
  }
  return success();
}

Status copy_with_holes(int from, int to, const struct stat& info, Stop stop) {
  const off_t size = info.st_size;
  if (info.st_blocks * 512 >= size) return copy_range(from, to, 0, size, stop);
  for (off_t at = 0; at < size;) {
    const off_t data = ::lseek(from, at, SEEK_DATA);
    if (data < 0) {
      if (errno == ENXIO) break;  // nothing but a hole up to the end
      return last_error("lseek");
    }
    const off_t hole = ::lseek(from, data, SEEK_HOLE);
    if (hole < 0) return last_error("lseek");
    TRY_STATUS(copy_range(from, to, data, std::min(hole, size), stop));
    at = hole;
  }
  if (::ftruncate(to, size) < 0) return last_error("ftruncate");
  return success();
}

Status copy_xattrs(int from, int to) {
  // f*xattr refuses O_PATH; these names lead to the very file, and to a link itself.
  const std::string source = proc_fd(from);
  const std::string target = proc_fd(to);
  const ssize_t length = ::listxattr(source.c_str(), nullptr, 0);
  if (length < 0) {
    if (errno == EOPNOTSUPP) return success();
    return last_error("listxattr");
  }
  if (length == 0) return success();
  // The kernel's own limit for a list of names and for one value.
  constexpr size_t kLimit = 64 * 1024;
  std::string names(kLimit, '\0');
  const ssize_t got = ::listxattr(source.c_str(), names.data(), names.size());
  if (got < 0) return last_error("listxattr");
  names.resize(static_cast<size_t>(got));
  std::string value(kLimit, '\0');
  for (size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    const ssize_t size = ::getxattr(source.c_str(), name.c_str(), value.data(), value.size());
    if (size < 0) {
      if (errno == ENODATA) continue;
      return last_error("getxattr", name);
    }
    if (::setxattr(target.c_str(), name.c_str(), value.data(), static_cast<size_t>(size), 0) < 0) {
      return last_error("setxattr", name);
    }
  }
  return success();
}

}  // namespace

Result<bool> copy_content(int from, int to, const struct stat& info, CloneMode mode, Stop stop) {
  if (mode == CloneMode::kReflink && info.st_size > 0) {
    if (::ioctl(to, kFiclone, from) == 0) return true;
    if (errno != EINVAL) return last_error("FICLONE");
  }
  TRY_STATUS(copy_with_holes(from, to, info, stop));
  return false;
}

Status copy_attributes(int from, int to, const struct stat& info) {
  if (::fchownat(to, "", info.st_uid, info.st_gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
    return last_error("fchownat");
  }
  // Links have no mode.
  if (!S_ISLNK(info.st_mode) && ::chmod(proc_fd(to).c_str(), info.st_mode & 07777) < 0) {
    return last_error("chmod");
  }
  TRY_STATUS(copy_xattrs(from, to));
  const struct timespec times[2] = {info.st_atim, info.st_mtim};
  if (::utimensat(to, "", times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
    return last_error("utimensat");
  }
  return success();
}

}  // namespace ns
