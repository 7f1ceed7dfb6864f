// The processes that carry programs' streams: one for each session, and a few that wait for the
// next.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/ioctl.h>

#include "keeper/handover.h"
#include "keeper/spare.h"

namespace keeper {

// Of a session. Its end is that of the connection.
struct Relay {
  base::UniqueFd socket;
  pid_t pid = -1;

  // Whether it has said that all of its streams have ended. Nothing when it has not, or not yet;
  // false when it has gone without a word.
  [[nodiscard]] std::optional<bool> done() const;
  // The window of its terminal. EAGAIN when it is too busy to hear of it.
  [[nodiscard]] base::Status resize(const winsize& size) const;
  // Has it drop in a while what the program does not read. What it prints is passed on while
  // somebody reads.
  void end_input() const;
};

class Relays {
 public:
  Relays(Loop& loop, const cgroup::Hierarchies& hierarchies);
  Relays(const Relays&) = delete;
  Relays& operator=(const Relays&) = delete;
  // Ends them all, and waits for those that a guest does not hold.
  ~Relays();

  // `streams` as for run_relay().
  base::Result<Relay> begin(std::string_view streams, const std::vector<int>& fds);
  // One that is done.
  void give_back(Relay relay);
  // One that is not, of a program in `container` that nobody asks for any more. A guest can keep it
  // from ending for as long as it likes, and no signal does.
  void leave(Relay relay, const std::string& container);
  // Whether a container has as many of those as it may have.
  [[nodiscard]] bool too_many_left(const std::string& container) const;
  // Has a process close it that may wait for that: a guest may have made it, or sent what is in it.
  void drop(base::UniqueFd fd);

  // All that are still to be waited for. Those that wait for a job end when their connection does.
  void hand_over(Handover& to);
  void take_over(const Takeover& from);

 private:
  // More than callers leave who read on what daemons print, and few enough for the host.
  static constexpr int kMaxLeft = 128;

  struct Child {
    base::UniqueFd pid_fd;
    std::string left_by{};  // "" while it is of use
  };
  void wait_for(pid_t pid, Child child);

  Loop& loop_;
  Spare spare_;
  std::optional<Relay> idle_;
  std::map<pid_t, Child> children_;
};

}  // namespace keeper
