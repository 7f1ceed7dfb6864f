// A child that is forked ahead of need and waits for its job: a fork takes longer than anything
// else that the keeper does itself for a start or an exec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "cgroup/hierarchy.h"
#include "keeper/channel.h"
#include "keeper/loop.h"

namespace keeper {

// The next job, or what else comes; ends the process when nothing more is to come. `keeper` is the
// child's end of what connects the two.
[[nodiscard]] Received next_message(const base::UniqueFd& keeper);
// Waits for Spare::Child::tell().
[[nodiscard]] std::string hear(const base::UniqueFd& keeper);

// The child's side: what it does with its job. It never comes back.
using Work = void (*)(const cgroup::Hierarchies& hierarchies, std::string_view job,
                      std::vector<base::UniqueFd> fds, base::UniqueFd keeper);

class Spare {
 public:
  // kBeside: we go on working for the same job, so it runs on another processor.
  enum class Where { kAnywhere, kBeside };
  struct Child {
    pid_t pid = -1;
    uint64_t start_time = 0;  // with the pid it names the process for good
    base::UniqueFd pid_fd;
    base::UniqueFd socket;  // takes one job; closed without one, the child ends

    base::Status begin(std::string_view job, const std::vector<int>& fds, Where where);
    [[nodiscard]] bool alive() const;
    // More for one that has its job: what it can go on with.
    base::Status tell(std::string_view word);
    // Ends it, and waits for it: only for one that does nothing for a guest yet.
    void dismiss();
  };

  Spare(Loop& loop, const cgroup::Hierarchies& hierarchies, Work work);
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;
  ~Spare() { dismiss(); }
  // The one that waits. When none does, one is forked now.
  base::Result<Child> take();
  // Gives the job to it.
  base::Result<Child> begin(std::string_view job, const std::vector<int>& fds, Where where);
  // Ends the one that waits.
  void dismiss();
  // Has one waiting soon: to be called when what the last one was taken for is done.
  void refill();

 private:
  base::Result<Child> fork_one() const;

  Loop& loop_;
  const cgroup::Hierarchies& hierarchies_;
  Work work_;
  Child waiting_;
  bool filling_ = false;
};

}  // namespace keeper
