// Files inside a container's root directory, which its owner may have filled with links, FIFOs and
// device nodes: every path is resolved as if `root` were "/", and nothing but regular files is
// opened where a file is meant. On an idmapped mount the caller's fsuid and fsgid must be mapped
// ones, otherwise whatever creates fails with EOVERFLOW.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace ns {

// -1 leaves as it is.
struct Owner {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};

// Opens our own /proc/self/fd for what follows and returns it. For a process that is about to enter
// a mount namespace where /proc is not its own, or is somebody's trap; not for threads.
base::Result<int> keep_own_proc();

// openat2 with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS. Opens whatever stands there; with O_PATH
// it has no side effect, otherwise prefer one of the calls below.
base::Result<base::UniqueFd> open_in_root(int root, const std::string& path, int flags,
                                          mode_t mode = 0);

// Opens a regular file, creating it with O_CREAT in `flags`. A FIFO, socket or device node is
// EINVAL and is not touched, a directory EISDIR. Links are followed, inside the root.
base::Result<base::UniqueFd> open_file_in_root(int root, const std::string& path, int flags,
                                               mode_t mode = 0);

base::Result<std::string> read_file_in_root(int root, const std::string& path, size_t limit);

// Replaces whatever file or link has that name, at once: readers see the old or the new content. It
// is not synced to the disk. The directory must exist.
base::Status write_file_in_root(int root, const std::string& path, std::string_view data,
                                mode_t mode, Owner owner = {});

// mkdir -p; `mode` and `owner` for the directories that it makes.
base::Status mkdir_in_root(int root, const std::string& path, mode_t mode, Owner owner = {});

// Replaces a file or link of that name, at once.
base::Status symlink_in_root(int root, const std::string& path, const std::string& target,
                             Owner owner = {});
base::Result<std::string> readlink_in_root(int root, const std::string& path);

// Files, links and nodes, not directories. Never follows the last component.
base::Status unlink_in_root(int root, const std::string& path);

// Of the link itself when `follow` is false.
base::Result<struct stat> stat_in_root(int root, const std::string& path, bool follow);

}  // namespace ns
