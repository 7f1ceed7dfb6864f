// The keeper itself: its parts, and which of them each request goes to.
#pragma once

#include <string>
#include <vector>

#include "keeper/consoles.h"
#include "keeper/containers.h"
#include "keeper/context.h"
#include "keeper/edits.h"
#include "keeper/handover.h"
#include "keeper/relays.h"
#include "keeper/renewal.h"
#include "keeper/server.h"
#include "keeper/sessions.h"

namespace keeper {

class Keeper {
 public:
  // `lock` makes it the only one.
  Keeper(const Options& options, Log& log, const cgroup::Hierarchies& hierarchies,
         const base::UniqueFd& lock, base::UniqueFd listener);

  // What a keeper before this one has left, which has ended.
  void adopt();
  // What the program before this one has handed over.
  base::Status take_over(const Takeover& from);
  // Who asked for this program gets its answer.
  void answer_renewal(const Takeover& from);
  // Until it is told to end, or nobody needs it.
  void run();

 private:
  void dispatch(const Message& message, const Request& request, std::vector<base::UniqueFd> fds);
  // A request that is not answered yet, or a session with all that it has started.
  void abort(const Message& message, const Request& request);
  void hello(const Message& message, const Request& request);
  [[nodiscard]] Writer greeting(const Request& request) const;
  void subscribe(const Message& message, const Request& request);
  // What is mounted for containers in our namespace, for those who check that nothing is left; with
  // FORCE, what was mounted for none that is known here, and is not any more.
  void mounts(const Message& message, const Request& request);
  void shutdown(const Message& message, const Request& request);
  void hand_over(Handover& to);
  [[nodiscard]] bool busy() const;
  void leave_when_idle();

  Loop loop_;
  UsernsCache userns_;
  Events events_;
  Spare spare_;
  Relays relays_;
  Context context_;
  Containers containers_;
  Consoles consoles_;
  Sessions sessions_;
  Edits edits_;
  Server server_;
  Renewal renewal_;
  const base::UniqueFd& lock_;
};

}  // namespace keeper
