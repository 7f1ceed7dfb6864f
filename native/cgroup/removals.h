// That a cgroup of v2 is gone: the kernel wakes nobody who waits for its own files (6.18), but
// tells whoever watches the directory above. One inotify instance for all, as a user has few (128).
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

struct Removal {
  int directory = -1;  // what Removals::add() gave; -1: some were lost, look at all
  std::string name;
};

class Removals {
 public:
  static base::Result<Removals> open();

  [[nodiscard]] int fd() const { return inotify_.get(); }
  // The directory above `path` in the unified hierarchy, which there must be. The same one has the
  // same number, and is to be dropped once.
  base::Result<int> add(const Hierarchies& in, const std::string& path);
  void drop(int directory);
  // What the kernel has told since; never blocks.
  std::vector<Removal> take();

 private:
  base::UniqueFd inotify_;
};

}  // namespace cgroup
