#include "zfs/library.h"

#include <cerrno>
#include <mutex>

namespace zfs {
namespace {

Failure missing(abi::LibraryInfo info) {
  Failure failure;
  failure.missing = std::move(info);
  return failure;
}

}  // namespace

Result<Library> library() {
  Library both;
  abi::LibraryInfo why;
  both.core = abi::zfs_core(&why);
  if (both.core == nullptr) return missing(why);
  both.nv = abi::nvpair(&why);
  if (both.nv == nullptr) return missing(why);
  // It keeps a descriptor of /dev/zfs for as long as somebody has it initialized: for good.
  static std::mutex* const mutex = new std::mutex;
  static bool initialized = false;
  const std::lock_guard<std::mutex> lock(*mutex);
  if (!initialized) {
    if (const int errnum = both.core->libzfs_core_init(); errnum != 0) {
      return Failure{errnum, "libzfs_core_init", "/dev/zfs", {}, {}, {}};
    }
    initialized = true;
  }
  return both;
}

}  // namespace zfs
