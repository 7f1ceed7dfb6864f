// Removing and copying whole trees by descriptors: no link is followed, no mount is crossed, no
// depth and no path length is too much.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace ns {

// Set by another thread; the work then ends with ECANCELED.
using Stop = const std::atomic<bool>*;
inline bool stopped(Stop stop) {
  return stop != nullptr && stop->load(std::memory_order_relaxed);
}

// rm -rf. Not existing is fine. A mount point in the tree, or at its top, is EXDEV before anything
// in it was touched; what was removed until then stays removed.
base::Status remove_tree(int dirfd, const std::string& path, Stop stop = nullptr);

enum class CloneMode { kCopy, kReflink };

struct CloneReport {
  uint64_t entries = 0;    // of every type, the top too
  uint64_t bytes = 0;      // sum of the sizes of regular files, links to the same file once
  uint64_t reflinked = 0;  // regular files that share their blocks with the source
  uint64_t copied = 0;     // regular files that do not
};

// Copies the tree at `from`, which may be the top of a mount with "/." at its end, to `to`, which
// must not exist, with owners, modes, extended attributes (ACLs and file capabilities too), times,
// hard links, symlinks, nodes, FIFOs and holes. What was made is removed again when it fails.
// Attributes of security modules that the target refuses are errors.
//
// kReflink shares blocks (FICLONE) and fails with EOPNOTSUPP or EXDEV where the filesystem cannot.
// Only a file that the filesystem makes an exception of (EINVAL: btrfs with checksums off) is
// copied instead, and counted as such. kCopy leaves the way to the kernel (copy_file_range).
base::Result<CloneReport> clone_tree(int from_dirfd, const std::string& from, int to_dirfd,
                                     const std::string& to, CloneMode mode, Stop stop = nullptr);

// Whether files in that directory can share blocks; finds out with two unnamed files.
base::Result<bool> can_reflink(int dirfd, const std::string& path);

}  // namespace ns
