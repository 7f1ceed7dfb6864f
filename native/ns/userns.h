// A user namespace that exists only as a descriptor: for idmapped mounts and for entering.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace ns {

struct IdMapEntry {
  uint32_t ns_id = 0;
  uint32_t host_id = 0;
  uint32_t count = 0;
};
using IdMap = std::vector<IdMapEntry>;

// Makes a user namespace with these maps. Safe from any thread: the process that has to exist for a
// moment shares our memory, runs on a stack of its own and does nothing but wait.
base::Result<base::UniqueFd> create_userns(const IdMap& uids, const IdMap& gids);

}  // namespace ns
