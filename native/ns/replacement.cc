#include "ns/replacement.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <climits>

#include "base/file.h"
#include "ns/rootfs.h"
#include "ns/syscalls.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::success;
using base::SysError;

constexpr int kMaxLinks = 40;  // as many as the kernel follows

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// "/", "/a/", "/a/." and "/a/..": the kernel creates no file there either.
bool means_directory(const std::string& path) {
  const std::string name = path.substr(parent_of(path).size());
  return name.empty() || name == "/" || name == "/." || name == "/..";
}

// Where a link leads, as a path from the root.
Result<std::string> follow(int link, const std::string& path) {
  struct statfs filesystem{};
  if (::fstatfs(link, &filesystem) < 0) return last_error("fstatfs", path);
  // It may be a magic link, whose text does not say where it leads.
  if (filesystem.f_type == PROC_SUPER_MAGIC) return SysError{ELOOP, "openat2", path};
  char text[PATH_MAX];
  const ssize_t size = ::readlinkat(link, "", text, sizeof text);
  if (size < 0) return last_error("readlinkat", path);
  std::string target = text[0] == '/' ? "" : parent_of(path).append("/");
  return target.append(text, static_cast<size_t>(size));
}

Result<bool> is_mount(int fd, const std::string& path) {
  struct statx info{};
  if (::statx(fd, "", AT_EMPTY_PATH, 0, &info) < 0) return last_error("statx", path);
  return (info.stx_attributes & sys::kStatxAttrMountRoot) != 0;
}

}  // namespace

Result<Replacement> Replacement::begin(int root, const std::string& path, const Options& options,
                                       mode_t& found) {
  Replacement replacement;
  replacement.path_ = path;
  Status status = replacement.find(root, options, found);
  if (status.ok()) status = replacement.open(options);
  if (status.ok()) return replacement;
  replacement.discard();
  return std::move(status.error());
}

// Each turn resolves one directory, and what is decided is decided by its descriptor. The kernel
// follows a link by itself only to what exists, and does not tell in which directory that is.
Status Replacement::find(int root, const Options& options, mode_t& found) {
  for (int links = 0; links <= kMaxLinks; links++) {
    if (means_directory(path_)) {
      found = S_IFDIR;
      return SysError{EISDIR, "openat2", path_};
    }
    if (const std::string parent = parent_of(path_); options.mkdirs && !parent.empty()) {
      TRY_STATUS(mkdir_in_root(root, parent, 0755, {}, &made_));
    }
    auto place = open_place(root, path_);
    if (!place.ok()) {
      place.error().path = path_;
      return std::move(place.error());
    }
    place_ = std::move(*place);
    auto seen = base::open_at(place_.dir.get(), place_.name, O_PATH | O_NOFOLLOW);
    if (!seen.ok() && seen.error().errnum == ENOENT) return success();
    if (!seen.ok()) {
      seen.error().path = path_;
      return std::move(seen.error());
    }
    struct stat info{};
    if (::fstat(seen->get(), &info) < 0) return last_error("fstat", path_);
    if (!S_ISLNK(info.st_mode)) {
      found = info.st_mode;
      if (!S_ISREG(found)) return SysError{S_ISDIR(found) ? EISDIR : EINVAL, "openat2", path_};
      owner_ = {info.st_uid, info.st_gid};
      old_ = std::move(*seen);
      return success();
    }
    auto target = follow(seen->get(), path_);
    if (!target.ok()) return std::move(target.error());
    path_ = std::move(*target);
  }
  return SysError{ELOOP, "openat2", path_};
}

Status Replacement::open(const Options& options) {
  const Owner same;
  if (options.owner.uid != same.uid) owner_.uid = options.owner.uid;
  if (options.owner.gid != same.gid) owner_.gid = options.owner.gid;
  mode_ = options.mode;
  if (old_.valid()) {
    auto mount = is_mount(old_.get(), path_);
    if (!mount.ok()) return std::move(mount.error());
    if (*mount) {
      auto fd = reopen(old_.get(), O_WRONLY | O_NOCTTY | O_NONBLOCK);
      if (!fd.ok()) return SysError{fd.error().errnum, fd.error().syscall, path_};
      content_ = std::move(*fd);
      // Whatever is refused is refused before the content goes.
      TRY_STATUS(give(content_.get(), path_, options.owner));
      if (::fchmod(content_.get(), mode_) < 0) return last_error("fchmod", path_);
      if (::ftruncate(content_.get(), 0) < 0) return last_error("ftruncate", path_);
      return success();
    }
  }
  // Without a name it is gone when this process is, however that ends. Not every filesystem can.
  auto fd = base::open_at(place_.dir.get(), ".", O_WRONLY | O_TMPFILE, 0600);
  unnamed_ = fd.ok();
  if (!unnamed_) {
    std::string name = temporary_name();
    fd = base::open_at(place_.dir.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!fd.ok()) return SysError{fd.error().errnum, fd.error().syscall, path_};
    temporary_ = std::move(name);
  }
  content_ = std::move(*fd);
  return success();
}

Status Replacement::finish() {
  if (temporary_.empty() && !unnamed_) return success();
  TRY_STATUS(give(content_.get(), path_, owner_));
  if (::fchmod(content_.get(), mode_) < 0) return last_error("fchmod", path_);
  const int dir = place_.dir.get();
  if (unnamed_) {
    // A name is taken from nobody by a link.
    auto linked = old_.valid() ? Status(SysError{EEXIST, "linkat", path_})
                               : link_unnamed(content_.get(), dir, place_.name);
    if (linked.ok()) return success();
    if (linked.error().errnum != EEXIST) {
      return SysError{linked.error().errnum, linked.error().syscall, path_};
    }
    std::string name = temporary_name();
    linked = link_unnamed(content_.get(), dir, name);
    if (!linked.ok()) return SysError{linked.error().errnum, linked.error().syscall, path_};
    temporary_ = std::move(name);
  }
  if (::renameat(dir, temporary_.c_str(), dir, place_.name.c_str()) < 0) {
    return last_error("renameat", path_);
  }
  return success();
}

Status Replacement::commit() {
  Status status = finish();
  if (!status.ok()) discard();
  return status;
}

void Replacement::discard() {
  if (!temporary_.empty()) (void)::unlinkat(place_.dir.get(), temporary_.c_str(), 0);
  remove_made(made_);
}

}  // namespace ns
