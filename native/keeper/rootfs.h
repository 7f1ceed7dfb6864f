// Puts a container's root filesystem together: idmapped, so that files keep the container's
// own ids on disk, and nodev, so that a device node on disk is only a file.
#pragma once

#include "base/result.h"
#include "keeper/plan.h"

namespace keeper {

// Mounts at plan.target, which is made when it is missing. `userns` carries the id map.
// Runs in a child of the keeper: for an overlay it changes fsuid and capabilities for a while.
base::Status mount_rootfs(const RootfsPlan& plan, int userns);

// Whatever is mounted at `target` goes, and the directory with it. Idempotent.
void unmount_rootfs(const std::string& target);

}  // namespace keeper
