#include "abi/zfs.h"

namespace abi {

#define REQUIRED(type, name, arguments) {#name, reinterpret_cast<void**>(&name), true},
#define OPTIONAL(type, name, arguments) {#name, reinterpret_cast<void**>(&name), false},

void ZfsCore::open() {
  info = open_library("libzfs_core.so.3", "VPSADMINOS_LIBZFS_CORE",
                      {
#include "abi/zfs.def.h"
                      });
}

void Nvpair::open() {
  info = open_library("libnvpair.so.3", "VPSADMINOS_LIBNVPAIR",
                      {
#include "abi/nvpair.def.h"
                      });
}

#undef REQUIRED
#undef OPTIONAL

const ZfsCore* zfs_core(LibraryInfo* why) {
  return opened<ZfsCore>(why);
}
const Nvpair* nvpair(LibraryInfo* why) {
  return opened<Nvpair>(why);
}

}  // namespace abi
