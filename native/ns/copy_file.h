// One file's content and one file's attributes, copied by descriptors.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/result.h"
#include "ns/tree.h"

namespace ns {

// Content with its holes. Returns whether blocks are shared (kReflink).
base::Result<bool> copy_content(int from, int to, const struct stat& info, CloneMode mode,
                                Stop stop);

// Owner, mode, extended attributes and times. Works on O_PATH descriptors, and has to come last:
// writing takes file capabilities and setuid away.
base::Status copy_attributes(int from, int to, const struct stat& info);

}  // namespace ns
