// Thin: one function a call, with the object's name in the error.
#include "ns/mount.h"

#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

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

constexpr unsigned kCloexec = 1;  // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
constexpr unsigned kOpenTreeCloexec = O_CLOEXEC;
constexpr unsigned kFromEmptyPath = 0x04;  // MOVE_MOUNT_F_EMPTY_PATH
constexpr unsigned kToEmptyPath = 0x40;    // MOVE_MOUNT_T_EMPTY_PATH
constexpr unsigned kSetFlag = 0;
constexpr unsigned kSetString = 1;
constexpr unsigned kSetFd = 5;
constexpr unsigned kCmdCreate = 6;

// The log is one message a read, "e overlay: why"; ENODATA ends it.
SysError context_error(int context, const char* syscall, std::string what) {
  const int errnum = errno;
  char message[512];
  for (;;) {
    const ssize_t got = base::retry([&] { return ::read(context, message, sizeof message); });
    if (got <= 0) break;
    std::string text(message, static_cast<size_t>(got));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    what += (what.empty() ? "" : "; ") + text;
  }
  return SysError{errnum, syscall, std::move(what)};
}

Status fsconfig(int context, unsigned command, const char* key, const void* value, int aux,
                std::string what) {
  if (::syscall(sys::kFsconfig, context, command, key, value, aux) < 0) {
    return context_error(context, "fsconfig", std::move(what));
  }
  return success();
}

}  // namespace

Result<UniqueFd> open_tree(int dirfd, const std::string& path, unsigned flags) {
  UniqueFd fd(
      static_cast<int>(::syscall(sys::kOpenTree, dirfd, path.c_str(), flags | kOpenTreeCloexec)));
  if (!fd.valid()) return last_error("open_tree", path);
  return fd;
}

Status mount_setattr(int mount, const MountAttributes& attributes, bool recursive) {
  sys::MountAttr attr{attributes.set, attributes.clear, attributes.propagation, 0};
  if (attributes.userns >= 0) {
    attr.attr_set |= kMountIdmap;
    attr.userns_fd = static_cast<uint64_t>(attributes.userns);
  }
  const unsigned flags = AT_EMPTY_PATH | (recursive ? kAtRecursive : 0);
  if (::syscall(sys::kMountSetattr, mount, "", flags, &attr, sizeof attr) < 0) {
    return last_error("mount_setattr");
  }
  return success();
}

Status move_mount(int mount, int dirfd, const std::string& path) {
  const unsigned flags = kFromEmptyPath | (path.empty() ? kToEmptyPath : 0);
  if (::syscall(sys::kMoveMount, mount, "", dirfd, path.c_str(), flags) < 0) {
    return last_error("move_mount", path);
  }
  return success();
}

Result<UniqueFd> clone_mount(int dirfd, const std::string& path, int userns, uint64_t attributes,
                             bool recursive) {
  const unsigned flags =
      kOpenTreeClone | (recursive ? kAtRecursive : 0) | (path.empty() ? AT_EMPTY_PATH : 0);
  auto mount = open_tree(dirfd, path, flags);
  if (!mount.ok()) return mount;
  if (userns < 0 && attributes == 0) return mount;
  auto status = mount_setattr(mount->get(), {.set = attributes, .userns = userns}, recursive);
  if (!status.ok()) {
    status.error().path = path;
    return std::move(status.error());
  }
  return mount;
}

Result<UniqueFd> fsopen(const std::string& type) {
  UniqueFd fd(static_cast<int>(::syscall(sys::kFsopen, type.c_str(), kCloexec)));
  if (!fd.valid()) return last_error("fsopen", type);
  return fd;
}

Status fsconfig_string(int context, const std::string& key, const std::string& value) {
  return fsconfig(context, kSetString, key.c_str(), value.c_str(), 0, key + "=" + value);
}

Status fsconfig_flag(int context, const std::string& key) {
  return fsconfig(context, kSetFlag, key.c_str(), nullptr, 0, key);
}

Status fsconfig_fd(int context, const std::string& key, int value) {
  return fsconfig(context, kSetFd, key.c_str(), nullptr, value, key);
}

Status fsconfig_create(int context, const std::string& what) {
  return fsconfig(context, kCmdCreate, nullptr, nullptr, 0, what);
}

Result<UniqueFd> fsmount(int context, uint64_t attributes) {
  UniqueFd fd(static_cast<int>(::syscall(sys::kFsmount, context, kCloexec, attributes)));
  if (!fd.valid()) return context_error(context, "fsmount", "");
  return fd;
}

Status umount(const std::string& path, int flags) {
  if (::umount2(path.c_str(), flags | UMOUNT_NOFOLLOW) < 0) return last_error("umount2", path);
  return success();
}

}  // namespace ns
