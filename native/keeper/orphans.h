// Programs whose process on the way in was killed before it could tell us of them. They are our
// children all the same, and a container cannot end before each of its processes was waited for.
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

#include "keeper/context.h"

namespace keeper {

class Orphans {
 public:
  // `known` says whether somebody else waits for a child.
  Orphans(Context& context, std::function<bool(pid_t)> known);

  // Ends what is in the cgroup of the session, and waits for it in the next seconds.
  void end(const std::string& cgroup);

 private:
  void look();

  Context& context_;
  std::function<bool(pid_t)> known_;
  int looks_ = 0;
};

}  // namespace keeper
