// libzfs_core and libnvpair, opened and initialized together.
#pragma once

#include "abi/zfs.h"
#include "zfs/failure.h"

namespace zfs {

struct Library {
  const abi::ZfsCore* core = nullptr;
  const abi::Nvpair* nv = nullptr;
};

// Fails with the library that is missing, or with why /dev/zfs cannot be opened: ENOENT without the
// kernel's module, EACCES for who is not root. Tried again by the next call.
Result<Library> library();

}  // namespace zfs
