#include "keeper/orphans.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "base/retry.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

// In a container: it has a number in another namespace besides ours. So has no other child.
bool in_container(pid_t pid) {
  const auto status = base::read_file("/proc/" + std::to_string(pid) + "/status");
  if (!status.ok()) return false;
  const size_t at = status->find("\nNSpid:\t");
  if (at == status->npos) return false;
  return status->find('\t', at + 8) < status->find('\n', at + 1);
}

// No guest has the host's root as a user, so that most need no look at /proc. One that was killed
// on its way in has it still.
bool of_guest(const siginfo_t& child) {
  return child.si_uid != 0 || in_container(child.si_pid);
}

bool stopped(const siginfo_t& child) {
  return child.si_code == CLD_TRAPPED || child.si_code == CLD_STOPPED;
}

// The program has made us its tracer, PTRACE_TRACEME: not for us, and each of its stops would stand
// before the ends of others. What stopped it is delivered, as without a tracer.
bool detach(const siginfo_t& child) {
  const int number = child.si_status & 0x7f;
  const bool harmless = number == SIGTRAP || number == SIGSTOP;
  return ::ptrace(PTRACE_DETACH, child.si_pid, nullptr, harmless ? 0L : long{number}) == 0;
}

}  // namespace

Orphans::Orphans(Context& context, Hooks hooks) : context_(context), hooks_(std::move(hooks)) {
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  signals_.reset(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) {
    context_.log.line("signalfd: %s", std::strerror(errno));
    return;
  }
  context_.loop.watch(signals_.get(), EPOLLIN, [this](uint32_t) {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    }
    // Not at once: most have somebody who waits for them in this very turn.
    look_after(kSoonMs);
  });
}

void Orphans::look_after(uint64_t milliseconds) {
  if (std::exchange(looking_, true)) return;
  context_.loop.after(milliseconds, [this] {
    looking_ = false;
    look();
  });
}

void Orphans::look() {
  reap_ending();
  hooks_.again();
  uint64_t again = wait_for_some();
  remove_left();
  if (left_.empty()) looks_ = 0;
  if (looks_ > 0 && --looks_ > 0 && again == 0) again = kLaterMs;
  if (again > 0) look_after(again);
}

// A guest can make them, and stop those that are traced, faster than we are: others have their
// turn. A short one, as each counts in its guest's limit of processes until it was waited for.
uint64_t Orphans::wait_for_some() {
  for (const uint64_t end = Loop::now_ms() + kWaitMs; Loop::now_ms() < end;) {
    siginfo_t child{};
    const int found = base::retry(
        [&] { return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT | __WALL); });
    // Only the first is shown. One that somebody waits for goes in the loop's next turns.
    if (found != 0 || child.si_pid == 0) return 0;
    if (stopped(child)) {
      if (!detach(child)) return kLaterMs;
      continue;
    }
    if (!hooks_.known(child.si_pid)) hooks_.catch_up();
    if (hooks_.known(child.si_pid) || ending_.contains(child.si_pid)) return kSoonMs;
    if (!of_guest(child)) return kSoonMs;
    base::retry([&] { return ::waitpid(child.si_pid, nullptr, WNOHANG | __WALL); });
  }
  return kAtOnceMs;
}

void Orphans::end(const std::string& cgroup) {
  // On v2 alone a session has one, and there the kernel kills all of it at once. Looking for
  // processes one by one, as cgroup::kill() may, could be made long by a guest.
  const cgroup::Hierarchy* unified = context_.hierarchies.unified();
  if (unified == nullptr) return;
  (void)base::write_at(unified->dir.get(), cgroup + "/cgroup.kill", "1");
  remove(cgroup);
  // Whose children these are hears of their ends, and that is the guest's init.
  looks_ = kLooks;
  look_after(kSoonMs);
}

void Orphans::end(pid_t pid, base::UniqueFd pid_fd) {
  if (pid <= 0) return;
  if (pid_fd.valid()) {
    (void)ns::pidfd_send_signal(pid_fd.get(), SIGKILL);
  } else {
    ::kill(pid, SIGKILL);
  }
  ending_[pid] = std::move(pid_fd);
  look_after(kSoonMs);
}

// Each end of a child, also of one that its tracer gives back, is followed by a look.
void Orphans::reap_ending() {
  for (auto it = ending_.begin(); it != ending_.end();) {
    const pid_t ended =
        base::retry([&] { return ::waitpid(it->first, nullptr, WNOHANG | __WALL); });
    it = ended == 0 ? std::next(it) : ending_.erase(it);
  }
}

void Orphans::remove(const std::string& cgroup) {
  if (is_left(cgroup)) left_.insert(cgroup);
}

bool Orphans::is_left(const std::string& cgroup) const {
  const cgroup::Hierarchy* unified = context_.hierarchies.unified();
  return unified != nullptr && ::unlinkat(unified->dir.get(), cgroup.c_str(), AT_REMOVEDIR) != 0 &&
         errno == EBUSY;
}

void Orphans::hand_over(Handover& to) const {
  for (const auto& [pid, fd] : ending_) {
    Writer frame(Kind::SESSION_CLOSE, 0);
    frame.number(Tag::PID, static_cast<uint64_t>(pid));
    to.give(frame, fd);
    to.put(frame);
  }
  for (const std::string& cgroup : left_) {
    Writer frame(Kind::SESSION_CLOSE, 0);
    to.put(frame.put(Tag::CGROUP, cgroup));
  }
}

void Orphans::take_over(const Takeover& from) {
  for (const Message& message : from.all()) {
    if (message.kind != Kind::SESSION_CLOSE) continue;
    const std::string cgroup = message.fields.str(Tag::CGROUP);
    if (!cgroup.empty()) left_.insert(cgroup);
    const auto pid = static_cast<pid_t>(message.fields.number(Tag::PID));
    if (pid > 0) ending_[pid] = Given(message.fields).take();
  }
  // Signals of children that ended meanwhile may be among those that were read already.
  looks_ = kLooks;
  look_after(kSoonMs);
}

// Some at a time, in turn: what a program leaves running may stay for long, and is no reason to
// wait.
void Orphans::remove_left() {
  for (size_t tries = std::min(left_.size(), kMaxTries); tries > 0; tries--) {
    auto next = left_.upper_bound(last_tried_);
    if (next == left_.end()) next = left_.begin();
    last_tried_ = *next;
    if (!is_left(last_tried_)) left_.erase(next);
  }
}

}  // namespace keeper
