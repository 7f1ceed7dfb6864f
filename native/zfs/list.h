// What is below a dataset, and what it and each of them has of some properties.
#pragma once

#include <string>

#include "zfs/failure.h"
#include "zfs/nvlist.h"

namespace zfs {

struct ListOptions {
  uint64_t depth = 0;  // levels below the first one
  bool snapshots = false;
  Names properties;  // native and user ones
};

// By name, with what is there of the properties: a map of `value` and, where it was set somewhere,
// `source`. Native ones have the kernel's numbers; those that were set nowhere are not there, as
// the kernel says them so. What goes while it is read is left out. ENOENT when the first one is not
// there.
Result<Map> list(const std::string& root, const ListOptions& options);

}  // namespace zfs
