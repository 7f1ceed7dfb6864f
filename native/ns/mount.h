// The mount API by descriptors (kernel 5.2 and 5.12 for id maps): a mount is made detached, given
// its attributes, and only then put somewhere.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace ns {

// Flags for open_tree; AT_RECURSIVE and AT_EMPTY_PATH go with them.
constexpr unsigned kOpenTreeClone = 1;
constexpr unsigned kAtRecursive = 0x8000;

// Attributes of a mount, for mount_setattr and fsmount.
constexpr uint64_t kMountRdonly = 0x00000001;
constexpr uint64_t kMountNosuid = 0x00000002;
constexpr uint64_t kMountNodev = 0x00000004;
constexpr uint64_t kMountNoexec = 0x00000008;
constexpr uint64_t kMountNoatime = 0x00000010;
constexpr uint64_t kMountNodiratime = 0x00000080;
constexpr uint64_t kMountIdmap = 0x00100000;
constexpr uint64_t kMountNosymfollow = 0x00200000;

// A descriptor of the mount at `path`; with kOpenTreeClone a detached copy of it.
base::Result<base::UniqueFd> open_tree(int dirfd, const std::string& path, unsigned flags);

struct MountAttributes {
  uint64_t set = 0;
  uint64_t clear = 0;
  uint64_t propagation = 0;  // MS_PRIVATE, MS_SLAVE, MS_SHARED or 0
  int userns = -1;           // with it, kMountIdmap is set as well
};
// On the mount that `mount` refers to, and with `recursive` on those below it.
base::Status mount_setattr(int mount, const MountAttributes& attributes, bool recursive = false);

// Puts a detached mount at `path` (relative to `dirfd`); "" puts it on `dirfd` itself.
base::Status move_mount(int mount, int dirfd, const std::string& path);

// A detached copy of the mount at `path`, mapped by `userns` (-1: not mapped), attributes set.
base::Result<base::UniqueFd> clone_mount(int dirfd, const std::string& path, int userns,
                                         uint64_t attributes, bool recursive = false);

// A new filesystem in the making. What the kernel says in the context's log becomes part of the
// error's path, as EINVAL alone says nothing.
base::Result<base::UniqueFd> fsopen(const std::string& type);
base::Status fsconfig_string(int context, const std::string& key, const std::string& value);
base::Status fsconfig_flag(int context, const std::string& key);
// `value` is a descriptor that the filesystem takes as an option (overlay's layers since 6.13).
base::Status fsconfig_fd(int context, const std::string& key, int value);
// `what` is of which one, for the error.
base::Status fsconfig_create(int context, const std::string& what = {});
base::Result<base::UniqueFd> fsmount(int context, uint64_t attributes);

// MNT_DETACH and the like in `flags`; never follows a link at the end of `path`.
base::Status umount(const std::string& path, int flags);

}  // namespace ns
