// Files inside a container's root directory, which its owner may have filled with links, FIFOs and
// device nodes: every path is resolved as if `root` were "/", and nothing but regular files is
// opened where a file is meant. On an idmapped mount the caller's fsuid and fsgid must be mapped
// ones, otherwise whatever creates fails with EOVERFLOW.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "ns/flush.h"
#include "ns/place.h"

namespace ns {

// openat2 with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS. Opens whatever stands there; with O_PATH
// it has no side effect, otherwise prefer one of the calls below.
base::Result<base::UniqueFd> open_in_root(int root, const std::string& path, int flags,
                                          mode_t mode = 0);

// Opens a regular file, creating it with O_CREAT in `flags`. A FIFO, socket or device node is
// EINVAL and is not touched, a directory EISDIR. Links are followed, inside the root. `found` gets
// the st_mode of what is there, also of what is refused.
base::Result<base::UniqueFd> open_file_in_root(int root, const std::string& path, int flags,
                                               mode_t mode = 0, mode_t* found = nullptr);

base::Result<std::string> read_file_in_root(int root, const std::string& path, size_t limit);

// Replaces whatever file or link has that name, at once: readers see the old or the new content.
// The directory must exist.
base::Status write_file_in_root(int root, const std::string& path, std::string_view data,
                                mode_t mode, Owner owner = {}, Flush when = Flush::kLater);

// mkdir -p; `mode` and `owner` for the directories that it makes. They are added to `made`, also
// when it fails.
base::Status mkdir_in_root(int root, const std::string& path, mode_t mode, Owner owner = {},
                           std::vector<Place>* made = nullptr);

// Replaces a file or link of that name, at once.
base::Status symlink_in_root(int root, const std::string& path, const std::string& target,
                             Owner owner = {});
base::Result<std::string> readlink_in_root(int root, const std::string& path);

// Files, links and nodes, not directories. Never follows the last component.
base::Status unlink_in_root(int root, const std::string& path);

// Of the link itself when `follow` is false.
base::Result<struct stat> stat_in_root(int root, const std::string& path, bool follow);

}  // namespace ns
