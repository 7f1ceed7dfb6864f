// User namespaces by their id map, held open without a process: making one costs as much
// as a fork, and every start and every file operation of a container needs its own again.
#pragma once

#include <list>
#include <map>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "ns/userns.h"

namespace keeper {

class UsernsCache {
 public:
  // A descriptor that stays valid until the next call.
  base::Result<int> get(const ns::IdMap& uids, const ns::IdMap& gids);

 private:
  static constexpr size_t kKept = 2048;
  struct Entry {
    base::UniqueFd fd;
    std::list<std::string>::iterator use;
  };
  std::map<std::string, Entry> entries_;
  std::list<std::string> uses_;  // the least recently used first
};

}  // namespace keeper
