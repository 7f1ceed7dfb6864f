#include "keeper/spare.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "base/retry.h"
#include "keeper/descriptors.h"
#include "keeper/process.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

// Not at once: who gets the answer that goes out now may ask for more.
constexpr uint64_t kSoonMs = 1;

// Processors that we may use. Empty when that cannot be told.
const std::optional<cpu_set_t>& processors() {
  static const std::optional<cpu_set_t> all = [] {
    cpu_set_t set;
    return ::sched_getaffinity(0, sizeof set, &set) == 0 ? std::optional(set) : std::nullopt;
  }();
  return all;
}

// Where processors share no cache, the kernel wakes a process where it was last or where its waker
// is, even if another one is idle: then it would wait until we sleep.
void avoid_our_processor(pid_t pid) {
  const int ours = ::sched_getcpu();
  if (!processors() || ours < 0 || CPU_COUNT(&*processors()) < 2) return;
  cpu_set_t others = *processors();
  CPU_CLR(ours, &others);
  ::sched_setaffinity(pid, sizeof others, &others);
}

// Woken up, it may run anywhere again, and so may what comes after it.
void use_all_processors() {
  if (processors()) ::sched_setaffinity(0, sizeof(cpu_set_t), &*processors());
}

// What a program in a container, or liblxc's monitor, must not have of us.
void leave_keeper() {
  ::setsid();
  ::umask(022);
  (void)::chdir("/");
  for (const int number : {SIGPIPE, SIGHUP}) ::signal(number, SIG_DFL);  // what main() ignores
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void wait_for_job(const cgroup::Hierarchies& hierarchies, base::UniqueFd keeper,
                               Work work) {
  // Another process's copies of descriptors would keep pipes and clients open.
  std::vector<int> wanted{keeper.get()};
  for (const cgroup::Hierarchy& hierarchy : hierarchies.all()) {
    wanted.push_back(hierarchy.dir.get());
  }
  close_all_but(wanted);
  leave_keeper();
  share_libraries();
  auto [job, fds] = next_message(keeper);
  use_all_processors();
  work(hierarchies, job, std::move(fds), std::move(keeper));
  _exit(1);
}

}  // namespace

Received next_message(const base::UniqueFd& keeper) {
  pollfd ready{keeper.get(), POLLIN, 0};
  while (::poll(&ready, 1, -1) != 1) {
  }
  auto received = receive(keeper.get());
  if (!received.ok()) _exit(1);
  if (received->bytes.empty()) _exit(0);  // the keeper has gone, or needs us not
  return std::move(*received);
}

std::string hear(const base::UniqueFd& keeper) {
  return next_message(keeper).bytes.substr(1);
}

base::Status Spare::Child::begin(std::string_view job, const std::vector<int>& fds, Where where) {
  if (where == Where::kBeside) avoid_our_processor(pid);
  return send(socket.get(), job, fds);
}

base::Status Spare::Child::tell(std::string_view word) {
  // An empty message would be the end.
  return send(socket.get(), std::string(":").append(word));
}

void Spare::Child::dismiss() {
  socket.reset();
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);  // ours, and not waited for yet: the number is its own
  base::retry([&] { return ::waitpid(pid, nullptr, 0); });
  pid_fd.reset();
  pid = -1;
}

Spare::Spare(Loop& loop, const cgroup::Hierarchies& hierarchies, Work work)
    : loop_(loop), hierarchies_(hierarchies), work_(work) {
  (void)processors();  // before a child exists whose own are fewer
  refill();
}

base::Result<Spare::Child> Spare::take() {
  if (waiting_.pid > 0) {
    loop_.forget(waiting_.pid_fd.get());
    Child child = std::exchange(waiting_, Child());
    if (child.alive()) return child;
    child.dismiss();  // somebody has killed it
  }
  return fork_one();
}

base::Result<Spare::Child> Spare::begin(std::string_view job, const std::vector<int>& fds,
                                        Where where) {
  auto child = take();
  if (!child.ok()) return child;
  if (auto begun = child->begin(job, fds, where); !begun.ok()) {
    child->dismiss();
    return std::move(begun.error());
  }
  return child;
}

bool Spare::Child::alive() const {
  pollfd ended{pid_fd.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) == 0;
}

base::Result<Spare::Child> Spare::fork_one() const {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::last_error("socketpair");
  }
  Child child;
  child.socket.reset(ends[0]);
  base::UniqueFd theirs(ends[1]);
  child.pid = ::fork();
  if (child.pid < 0) return base::last_error("fork");
  if (child.pid == 0) wait_for_job(hierarchies_, std::move(theirs), work_);
  auto fd = ns::pidfd_open(child.pid);
  const auto stat = process_stat(child.pid);
  if (!fd.ok() || !stat) {
    auto error = fd.ok() ? base::last_error("read", "stat") : std::move(fd.error());
    child.dismiss();
    return error;
  }
  child.pid_fd = std::move(*fd);
  child.start_time = stat->start_time;
  return child;
}

void Spare::dismiss() {
  if (waiting_.pid_fd.valid()) loop_.forget(waiting_.pid_fd.get());
  waiting_.dismiss();
}

void Spare::refill() {
  if (filling_ || waiting_.pid > 0) return;
  filling_ = true;
  loop_.after(kSoonMs, [this] {
    filling_ = false;
    if (waiting_.pid > 0) return;
    auto child = fork_one();
    if (!child.ok()) return;  // the next one who needs it tries again, and tells
    waiting_ = std::move(*child);
    // Whoever killed it: the next one is forked when it is needed.
    loop_.watch(waiting_.pid_fd.get(), EPOLLIN, [this](uint32_t) {
      loop_.forget(waiting_.pid_fd.get());
      waiting_.dismiss();
    });
  });
}

}  // namespace keeper
