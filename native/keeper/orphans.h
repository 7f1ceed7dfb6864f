// Children of ours that nobody else here waits for, and cgroups of sessions that could not be
// removed at their end. A guest can make such children: its programs are our children, and by
// clone(2) with CLONE_PARENT they make siblings. A container cannot end before each of its
// processes was waited for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <sys/types.h>

#include "keeper/context.h"
#include "keeper/handover.h"

namespace keeper {

class Orphans {
 public:
  struct Hooks {
    // Reads what has been reported meanwhile, so that the next question is answered by all we know.
    std::function<void()> catch_up;
    // Whether somebody else waits for a child. Only of one that still has the host's root as its
    // user need nobody know.
    std::function<bool(pid_t)> known;
    // Some child may have become ours to wait for, that was another one's tracee before.
    std::function<void()> again;
  };

  Orphans(Context& context, Hooks hooks);

  // Ends one child, and waits for it without keeping anybody: its guest may hold it. Nobody has
  // waited for it yet, so its number is its own where no descriptor could be had.
  void end(pid_t pid, base::UniqueFd pid_fd);
  // Ends what is in the cgroup of a session, and removes it when that has gone.
  void end(const std::string& cgroup);
  // Removes the cgroup of a session, at once or when what is left in it has gone.
  void remove(const std::string& cgroup);

  void hand_over(Handover& to) const;
  void take_over(const Takeover& from);

 private:
  static constexpr uint64_t kAtOnceMs = 1;
  static constexpr uint64_t kSoonMs = 5;
  static constexpr uint64_t kLaterMs = 50;
  static constexpr int kLooks = 100;
  static constexpr size_t kMaxTries = 64;
  static constexpr uint64_t kWaitMs = 10;

  void look_after(uint64_t milliseconds);
  void look();
  // When to look again, as there may be more; never for 0.
  uint64_t wait_for_some();
  void reap_ending();
  void remove_left();
  // Tries to remove it.
  [[nodiscard]] bool is_left(const std::string& cgroup) const;

  Context& context_;
  Hooks hooks_;
  base::UniqueFd signals_;
  bool looking_ = false;
  int looks_ = 0;
  std::map<pid_t, base::UniqueFd> ending_;
  std::set<std::string> left_;
  std::string last_tried_;
};

}  // namespace keeper
