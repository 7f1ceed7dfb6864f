// Filesystems: made, cloned, renamed, destroyed. Each call is one ioctl and blocks until the kernel
// has it in a transaction group, most of them until that is on the disk.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "zfs/failure.h"
#include "zfs/nvlist.h"

namespace zfs {

using base::Unit;

Result<bool> exists(const std::string& name);
// Native properties have the kernel's numbers (`canmount` is one of 0, 1, 2), or text; user
// properties, which have a colon in their names, are text.
Result<Unit> create(const std::string& name, const Map& properties);
Result<Unit> clone(const std::string& origin, const std::string& name, const Map& properties);
// EEXIST: `detail` is the snapshot that both have.
Result<Unit> promote(const std::string& name);
Result<Unit> rename(const std::string& from, const std::string& to);
// EEXIST while datasets are below it; EBUSY while it has snapshots, or is mounted anywhere.
Result<Unit> destroy(const std::string& name);
// EEXIST unless it is the newest one.
Result<Unit> rollback(const std::string& name, const std::string& snapshot);

// Native properties too, which no function of libzfs_core can set.
Result<Unit> set_properties(const std::string& name, const Map& properties);
Result<Unit> inherit_property(const std::string& name, const std::string& property);

}  // namespace zfs
