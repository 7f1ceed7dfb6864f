// From the request to liblxc: what a start makes, in which order, and what its caller is told.

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "abi/lxc.h"
#include "keeper/containers.h"
#include "keeper/delegation.h"
#include "keeper/log_tail.h"
#include "keeper/monitor_child.h"
#include "keeper/notify.h"
#include "keeper/payload_cgroups.h"
#include "keeper/process.h"
#include "keeper/step.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {
constexpr uint64_t kAnnounceMs = 20;
// How long the answer to a start that was given up may wait for what it made to be gone.
constexpr uint64_t kUndoMs = 5000;
constexpr uint64_t kLookMs = 500;

// Ends a child that was not given its job after all.
class Unused {
 public:
  explicit Unused(Spare::Child& child) : child_(child) {}
  Unused(const Unused&) = delete;
  Unused& operator=(const Unused&) = delete;
  ~Unused() { child_.dismiss(); }

 private:
  Spare::Child& child_;
};
}  // namespace

void Containers::start(const Message& message, const Request& request) {
  const uint64_t requested = now_us();
  auto plan = StartPlan::parse(message.fields);
  if (!plan.ok()) return request.fail(plan.error(), "plan");
  abi::LibraryInfo why;
  if (abi::lxc(&why) == nullptr) {
    return request.fail({ELIBACC, "dlopen", why.soname}, "liblxc", "ERR_LIBRARY_MISSING",
                        why.reason);
  }
  const std::string key = plan->key();
  if (find(key) != nullptr) {
    return request.fail({EALREADY, "start", key}, "start", "ERR_CONTAINER_RUNNING");
  }
  auto made = std::make_unique<Container>();
  Container& container = *made;
  container.plan = std::move(*plan);
  container.frame = message.frame;
  container.waiting = request;
  container.requested_us = requested;
  containers_[key] = std::move(made);
  if (const auto launched = launch(container); !launched.ok()) {
    request.fail(launched.error(), "launch");
    container.waiting.reset();
    finish(key, kReportedStatus << 8);
  }
}

base::Status Containers::launch(Container& container) {
  const std::string key = container.plan.key();
  container.init = -1;
  TRY_STATUS(keep_directories());
  // Its datasets would go to that user namespace.
  take_back(container);
  if (is_delegated(container.plan)) {
    return base::SysError{EBUSY, "userns_detach", container.plan.rootfs.target};
  }
  TRY_STATUS(open_fifo(container.plan.lxc_path));
  TRY_STATUS(done(Step::START_FIFO));
  TRY_STATUS(open_notify(container));
  TRY_STATUS(done(Step::START_NOTIFY));
  auto userns = userns_.get(container.plan.rootfs.uid_map, container.plan.rootfs.gid_map);
  if (!userns.ok()) return std::move(userns.error());
  TRY_STATUS(done(Step::START_USERNS));

  base::UniqueFd seccomp;
  container.filter = seccomp_file(container.plan);
  if (!container.filter.empty() && ::access(container.filter.c_str(), F_OK) != 0) {
    // Under its final name only when it is whole: an empty file would confine nothing.
    seccomp.reset(::open((container.filter + "." + key).c_str(),
                         O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  }
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return base::last_error("pipe2");
  container.report.reset(pipe[0]);
  base::UniqueFd write_end(pipe[1]);

  container.log_offset = log_size(container.plan.log_file);
  container.state = State::kStarting;
  container.exit_status.reset();
  container.ready = false;
  std::vector<int> fds{write_end.get(), *userns};
  if (seccomp.valid()) fds.push_back(seccomp.get());
  const Writer job = monitor_job(container.frame, own_cgroup(context_.options), container.filter,
                                 reboot_mark(key), plan_file(key));
  auto child = context_.spare.take();
  if (!child.ok()) return std::move(child.error());
  const Unused unused(*child);
  container.monitor = child->pid;
  container.monitor_start_time = child->start_time;
  // Before it does anything that somebody would have to find.
  TRY_STATUS(save(container));
  TRY_STATUS(done(Step::START_SAVED));
  TRY_STATUS(child->begin(job.bytes(), fds, Spare::Where::kBeside));
  TRY_STATUS(done(Step::START_CHILD));
  // While it mounts the rootfs, which only our mount namespace sees, and reads the configuration.
  const std::string_view made = make_cgroups(context_.hierarchies, container.plan);
  TRY_STATUS(done(Step::START_CGROUPS));
  (void)child->tell(made);  // one that has given up meanwhile reports that itself
  TRY_STATUS(done(Step::START_TOLD));
  if (made == kMade) make_payload_cgroups(context_.hierarchies, container.plan);
  container.begun_us = now_us();
  container.ours = true;
  container.monitor_fd = std::move(child->pid_fd);
  child->pid = -1;
  container.announced = false;
  // Not at once: whoever hears of it wakes up, and takes the processor from the start itself.
  announce_soon(key);
  watch(key);
  expect_running(key, container.plan.timeout_ms);
  return base::success();
}

void Containers::announce_soon(const std::string& key) {
  context_.loop.after(kAnnounceMs, [this, key] {
    if (Container* late = find(key); late != nullptr) announce(*late);
  });
}

void Containers::expect_running(const std::string& key, uint64_t milliseconds) {
  find(key)->deadline = context_.loop.after(milliseconds, [this, key] {
    Container* late = find(key);
    if (late == nullptr || (late->state != State::kStarting && !late->waiting)) return;
    context_.log.line("%s: did not start within %llu ms", key.c_str(),
                      (unsigned long long)late->plan.timeout_ms);
    give_up(*late, "ERR_TIMEOUT");
  });
  look_later(key, -1);
}

// liblxc's monitor holds both ends of the socket on which its child sends it descriptors, so it
// waits for ever for those of a child that was killed before (start.c of 5.0 and 6.0). One that is
// still unreaped at a second look is such a child.
void Containers::look_later(const std::string& key, pid_t ended) {
  find(key)->look = context_.loop.after(kLookMs, [this, key, ended] {
    Container* late = find(key);
    if (late == nullptr || late->state != State::kStarting || late->given_up != nullptr) return;
    const pid_t child = only_child(late->monitor);
    const auto stat = child > 0 ? process_stat(child) : std::nullopt;
    const bool unreaped = stat && stat->state == 'Z' && stat->parent == late->monitor;
    if (!unreaped || child != ended) return look_later(key, unreaped ? child : -1);
    context_.log.line("%s: what was to become its init was killed", key.c_str());
    give_up(*late, "ERR_LXC_START");
  });
}

base::Status Containers::open_notify(Container& container) {
  container.notify_path = container.plan.notify_socket;
  if (container.notify_path.empty()) return base::success();
  const uid_t root = root_of(container.plan.rootfs.uid_map);
  auto socket = listen_notify(container.notify_path, root);
  if (!socket.ok()) return std::move(socket.error());
  container.notify = std::move(*socket);
  watch_notify(container);
  return base::success();
}

void Containers::watch_notify(const Container& container) {
  context_.loop.watch(container.notify.get(), EPOLLIN,
                      [this, key = container.plan.key()](uint32_t) { notified(key); });
}

void Containers::announce(Container& container) {
  if (std::exchange(container.announced, true)) return;
  context_.events.emit("state", container.plan.pool, container.plan.id,
                       [](Writer& w) { w.put(Tag::STATE, "starting"); });
}

bool Containers::abort(const Request& request, uint32_t start_request) {
  for (auto& [key, container] : containers_) {
    if (!container->waiting || container->waiting->id() != start_request ||
        container->waiting->client() != request.client()) {
      continue;
    }
    give_up(*container, "ERR_ABORTED");
    request.reply();
    return true;
  }
  return false;
}

// The answer waits until nothing is left, but not for a monitor that the kernel does not let die.
void Containers::give_up(Container& container, const char* code) {
  container.given_up = code;
  (void)ns::pidfd_send_signal(container.monitor_fd.get(), SIGKILL);
  context_.loop.cancel(container.undo);
  expect_undone(container.plan.key(), kUndoMs);
}

void Containers::expect_undone(const std::string& key, uint64_t milliseconds) {
  find(key)->undo = context_.loop.after(milliseconds, [this, key] {
    if (Container* stuck = find(key); stuck != nullptr) fail_start(*stuck, 0);
  });
}

void Containers::answer_start(Container& container) {
  context_.spare.refill();
  context_.loop.cancel(container.deadline);
  if (!container.waiting) return;
  const Request request = *std::exchange(container.waiting, std::nullopt);
  Writer answer = request.answer();
  answer.number(Tag::INIT_PID, static_cast<uint64_t>(container.init));
  answer.number(Tag::MONITOR_PID, static_cast<uint64_t>(container.monitor));
  for (const auto& [name, us] : {std::pair{"prepare", container.begun_us - container.requested_us},
                                 {"start", now_us() - container.begun_us}}) {
    Writer timing;
    timing.put(Tag::STEP, name).number(Tag::TIME, us);
    answer.put(Tag::TIMING, timing);
  }
  // Of no use to the library any more; older ones want it.
  request.reply(answer, {container.init_fd.get()});
  passed(Step::RUNNING_ANSWERED);
}

void Containers::fail_start(Container& container, int monitor_status) {
  context_.spare.refill();
  if (!container.waiting) return;
  const Request request = *container.waiting;
  container.waiting.reset();
  const std::string_view given_up = container.given_up == nullptr ? "" : container.given_up;
  if (given_up == "ERR_ABORTED" || given_up == "ERR_TIMEOUT") {
    const int errnum = given_up == "ERR_ABORTED" ? ECANCELED : ETIMEDOUT;
    return request.fail({errnum, "start", container.plan.key()}, "start", container.given_up);
  }
  if (container.state != State::kStarting) {
    // It ended before it could be seen; the exit event that follows says how.
    return request.fail({ESRCH, "start", container.plan.key()}, "start", "ERR_CONTAINER_ENDED",
                        log_tail(container.plan.log_file, container.log_offset));
  }
  Report report{};
  if (container.report.valid() && ::read(container.report.get(), &report, sizeof report) ==
                                      static_cast<ssize_t>(sizeof report)) {
    base::SysError error{report.errnum, report.syscall, report.path};
    return request.fail(error, report.step);
  }
  request.fail(
      {ECHILD, "start", container.plan.key()}, "lxc",
      given_up.empty() && WIFSIGNALED(monitor_status) ? "ERR_MONITOR_KILLED" : "ERR_LXC_START",
      log_tail(container.plan.log_file, container.log_offset));
}

}  // namespace keeper
