// Files of a container, read and written as the container's root: in its own namespaces
// while it runs, otherwise below its root directory, mounted for nobody else.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keeper/containers.h"
#include "keeper/context.h"
#include "keeper/handover.h"

namespace keeper {

class Edits {
 public:
  Edits(Context& context, Containers& containers, UsernsCache& userns);
  // EDIT, OPEN, REPLACE, MOUNT and UNMOUNT; each runs in a forked child with a deadline, as a
  // guest's filesystem may hang. Those of OPEN and REPLACE then stay for as long as their clients
  // read and write.
  void run(const Message& message, const Request& request);
  // Before the rootfs of a START is mounted again: who was answered may not have ended yet, and two
  // mounts of one overlay must not be. For some milliseconds at most, and not for a transfer that
  // goes on.
  void let_end(const Message& start);
  // Whether it is a child that edits: as a container's root, like those that a guest makes for us.
  [[nodiscard]] bool has(pid_t pid) const;

  void hand_over(Handover& to, Writer& keeper) const;
  void take_over(const Takeover& from, const Takeover::RequestOf& request_of);

 private:
  // Of one container, with those of clients that still read or write. A filesystem of the guest's
  // can keep each from ending, and no signal does.
  static constexpr int kMaxLeft = 256;

  struct Edit {
    Kind kind = Kind::EDIT;
    pid_t pid = -1;
    base::UniqueFd pid_fd;
    base::UniqueFd report;
    std::string target;
    std::string container;              // that runs, and can keep it from ending
    std::vector<std::string> overlays;  // where what it writes is
    Loop::Timer deadline = 0;
    std::optional<Request> waiting;
  };
  // Whether nobody waits for an answer, and it will end by itself in a moment if nothing holds it.
  [[nodiscard]] static bool is_ending(const Edit& edit);
  [[nodiscard]] bool too_many_left(const std::string& container) const;
  [[nodiscard]] std::string place_of(uint64_t id) const;
  void let_end(const RootfsPlan& rootfs);
  void watch(uint64_t id);
  void expect_report(uint64_t id, uint64_t milliseconds);
  void reported(uint64_t id);
  void ended(uint64_t id);

  Context& context_;
  Containers& containers_;
  UsernsCache& userns_;
  std::map<uint64_t, std::unique_ptr<Edit>> edits_;
  uint64_t next_ = 1;
};

}  // namespace keeper
