// Zpools that have lost their disks. Who unmounts the last of one that was written to waits for
// these, in the kernel, holding what sync(2) waits for, in everybody.
#pragma once

#include <set>
#include <string>

namespace keeper {

// By name; of those that are suspended. Never looks at a disk.
std::set<std::string> suspended_zpools();

}  // namespace keeper
