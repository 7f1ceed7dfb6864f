// A namespace cannot be made without a process in it; this one lives for some 100 microseconds.
#include "ns/userns.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "base/retry.h"
#include "ns/child_userns.h"
#include "ns/pidfd.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::SysError;
using base::UniqueFd;

constexpr size_t kStackSize = 64 * 1024;

class Stack {
 public:
  Stack()
      : base_(::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {}
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() {
    if (valid()) ::munmap(base_, kStackSize);
  }
  [[nodiscard]] bool valid() const { return base_ != MAP_FAILED; }
  [[nodiscard]] void* top() const { return static_cast<char*>(base_) + kStackSize; }

 private:
  void* base_;
};

// The child inherits the mask: no handler of ours may ever run on its stack.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Ends the child and waits, so that its stack may go.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::kill(pid_, SIGKILL);
    (void)base::retry([&] { return ::waitpid(pid_, nullptr, __WALL); });
  }
  [[nodiscard]] std::string proc(const char* file) const {
    return "/proc/" + std::to_string(pid_) + "/" + file;
  }

 private:
  pid_t pid_;
};

std::string to_text(const IdMap& map) {
  std::string text;
  for (const auto& entry : map) {
    text += std::to_string(entry.ns_id) + " " + std::to_string(entry.host_id) + " " +
            std::to_string(entry.count) + "\n";
  }
  return text;
}

}  // namespace

Result<UniqueFd> create_userns(const IdMap& uids, const IdMap& gids) {
  if (uids.empty() || gids.empty()) return SysError{EINVAL, "create_userns", "empty map"};
  const Stack stack;
  if (!stack.valid()) return last_error("mmap");
  const SignalsBlocked blocked;
  pid_t self = ::getpid();
  // CLONE_FILES: otherwise the child would hold a copy of every descriptor of ours, and for that
  // moment nobody's pipe would see its end. No exit signal: whoever reaps children in this process
  // must not hear of this one.
  const pid_t pid =
      ::clone(child_userns, stack.top(), CLONE_VM | CLONE_FILES | CLONE_NEWUSER, &self);
  if (pid < 0) return last_error("clone", "user namespace");
  const Child child(pid);
  TRY_STATUS(base::write_file(child.proc("uid_map"), to_text(uids)));
  TRY_STATUS(base::write_file(child.proc("gid_map"), to_text(gids)));
  return base::open_at(AT_FDCWD, child.proc("ns/user"), O_RDONLY);
}

}  // namespace ns
