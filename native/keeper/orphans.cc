#include "keeper/orphans.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/retry.h"
#include "cgroup/hierarchy.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

constexpr uint64_t kLookMs = 50;
constexpr int kLooks = 100;

// In a container: it has a number in another namespace besides ours. So has no other child.
bool in_container(pid_t pid) {
  const auto status = base::read_file("/proc/" + std::to_string(pid) + "/status");
  if (!status.ok()) return false;
  const size_t at = status->find("\nNSpid:\t");
  if (at == status->npos) return false;
  return status->find('\t', at + 8) < status->find('\n', at + 1);
}

}  // namespace

Orphans::Orphans(Context& context, std::function<bool(pid_t)> known)
    : context_(context), known_(std::move(known)) {}

void Orphans::end(const std::string& cgroup) {
  // On v2 alone it has one, and there the kernel kills all of it at once. Looking for processes one
  // by one, as cgroup::kill() may, could be made long by a guest.
  const cgroup::Hierarchy* unified = context_.hierarchies.unified();
  if (unified != nullptr) {
    (void)base::write_at(unified->dir.get(), cgroup + "/cgroup.kill", "1");
    emptying_.insert(cgroup);
  }
  const bool looking = looks_ > 0;
  looks_ = kLooks;
  if (!looking) look();
}

void Orphans::end(pid_t pid, base::UniqueFd pid_fd) {
  if (pid <= 0 || !pid_fd.valid()) return;
  (void)ns::pidfd_send_signal(pid_fd.get(), SIGKILL);
  const int fd = pid_fd.get();
  ending_[pid] = std::move(pid_fd);
  context_.loop.watch(fd, EPOLLIN, [this, pid, fd](uint32_t) {
    base::retry([&] { return ::waitpid(pid, nullptr, WNOHANG); });
    context_.loop.forget(fd);
    ending_.erase(pid);
  });
}

void Orphans::look() {
  for (;;) {
    siginfo_t ended{};
    const int found =
        base::retry([&] { return ::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT); });
    // The first is all that we are shown. One that is known is waited for by the loop's next turn,
    // and then we see further.
    if (found != 0 || ended.si_pid == 0 || known_(ended.si_pid) || ending_.contains(ended.si_pid) ||
        !in_container(ended.si_pid)) {
      break;
    }
    base::retry([&] { return ::waitpid(ended.si_pid, nullptr, 0); });
  }
  remove_empty();
  if (--looks_ > 0) {
    context_.loop.after(kLookMs, [this] { look(); });
  } else {
    emptying_.clear();  // the container's end removes them
  }
}

void Orphans::remove_empty() {
  std::erase_if(emptying_, [this](const std::string& cgroup) {
    const int root = context_.hierarchies.unified()->dir.get();
    return ::unlinkat(root, cgroup.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
  });
}

}  // namespace keeper
