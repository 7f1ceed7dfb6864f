// Puts a container's root filesystem together: idmapped, so that files keep the container's
// own ids on disk, and nodev, so that a device node on disk is only a file.
#pragma once

#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "keeper/plan.h"

namespace keeper {

// Where mount points are made: a filesystem of the keeper's own over `directory`.
base::Status prepare_rootfs_area(const std::string& directory);

// Mounts at plan.target, which is made when it is missing. `userns` carries the id map.
// Runs in a child of the keeper: for an overlay it changes fsuid and capabilities for a while.
// Answers with mounts that went into it and can be closed: dropping the last descriptor of a mount
// that is attached nowhere waits for a grace period of the kernel.
base::Result<std::vector<base::UniqueFd>> mount_rootfs(const RootfsPlan& plan, int userns);

// One of its further trees, mapped, attached nowhere. What was mounted on the way is added to
// `used`, as by mount_rootfs().
base::Result<base::UniqueFd> mount_tree(const RootfsPlan& plan, const SubMount& mount, int userns,
                                        std::vector<base::UniqueFd>& used);

// Its further mounts, which mount_rootfs() has left beside it (`target` + ".mounts/0" and so on)
// with directories for them in the tree, go to where the container sees them. For who has no liblxc
// to do it: what liblxc mounts itself the container may unmount.
base::Status place_mounts(const RootfsPlan& plan);

// Whatever is mounted at `target` goes, and the directory with it. Idempotent. What is on a zpool
// that is suspended stays, for who takes away what was left.
void unmount_rootfs(const std::string& target);

// Whether a mount is that at `target`, or one that it is put together from.
bool is_of_rootfs(std::string_view path, std::string_view target);

// Overlay makes its work directory anew at each mount. Taking the old one away at the end
// of a run keeps that off the next start.
void remove_overlay_work(const RootfsPlan& plan);

}  // namespace keeper
