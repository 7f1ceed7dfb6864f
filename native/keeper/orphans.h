// Programs whose process on the way in was killed before it could tell us of them. They are our
// children all the same, and a container cannot end before each of its processes was waited for.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include <sys/types.h>

#include "keeper/context.h"

namespace keeper {

class Orphans {
 public:
  // `known` says whether somebody else waits for a child.
  Orphans(Context& context, std::function<bool(pid_t)> known);

  // Ends what is in the cgroup of a session, waits for it in the next seconds, and then removes it.
  void end(const std::string& cgroup);
  // Ends one child, and waits for it without keeping anybody: its guest may have frozen it.
  void end(pid_t pid, base::UniqueFd pid_fd);

 private:
  void look();
  void remove_empty();

  Context& context_;
  std::function<bool(pid_t)> known_;
  int looks_ = 0;
  std::set<std::string> emptying_;  // cgroups
  std::map<pid_t, base::UniqueFd> ending_;
};

}  // namespace keeper
