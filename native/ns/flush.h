// What shall survive the loss of power: until it is flushed it is in memory only.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace ns {

enum class Flush { kLater, kNow };

// A file's content. `path` is for the error.
base::Status flush(int fd, const std::string& path);

// The names in a directory, of which `fd` may be an O_PATH descriptor.
base::Status flush_directory(int fd, const std::string& path);

// Everything that the filesystem of `path` has not written yet, whoever wrote it: for many files.
base::Status flush_filesystem(int dirfd, const std::string& path);

}  // namespace ns
