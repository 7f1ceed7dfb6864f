// Which namespaces a process is in.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>

#include "base/result.h"

namespace ns {

constexpr std::array<const char*, 8> kNamespaces = {"cgroup", "ipc",  "mnt",  "net",
                                                    "pid",    "time", "user", "uts"};

// Inode numbers in the order of kNamespaces; empty for a type that the kernel lacks. Two processes
// with equal numbers share that namespace. ESRCH or ENOENT when there is no such process.
using NamespaceIds = std::array<std::optional<uint64_t>, kNamespaces.size()>;
base::Result<NamespaceIds> namespace_ids(pid_t pid);

}  // namespace ns
