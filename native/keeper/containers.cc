#include "keeper/containers.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <array>
#include <cstring>

#include "base/file.h"
#include "base/retry.h"
#include "cgroup/tree.h"
#include "keeper/command_socket.h"
#include "keeper/interpose.h"
#include "keeper/log_tail.h"
#include "keeper/monitor_child.h"
#include "keeper/notify.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

// enum lxc_state_t of liblxc's state.h.
enum LxcState { kStopped, kStarting, kRunning, kStopping, kAborting, kFreezing, kFrozen, kThawed };

uint64_t now_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

const char* name_of(State state) {
  switch (state) {
    case State::kStarting:
      return "starting";
    case State::kRunning:
      return "running";
    case State::kFrozen:
      return "frozen";
    case State::kStopping:
      return "stopping";
  }
  return "";
}

// What a reboot(2) in the guest turns into: init's parent sees it killed by a signal,
// pid_namespaces(7).
bool rebooted(const Container& container) {
  return container.exit_status && WIFSIGNALED(*container.exit_status) &&
         WTERMSIG(*container.exit_status) == SIGHUP;
}

}  // namespace

Containers::Containers(Context& context, UsernsCache& userns, Ended ended)
    : context_(context), userns_(userns), ended_(std::move(ended)) {}

Container* Containers::find(const std::string& key) {
  const auto it = containers_.find(key);
  return it == containers_.end() ? nullptr : it->second.get();
}

std::string Containers::plan_file(const std::string& key) const {
  return context_.options.state_dir + "/keeper/plans/" + key;
}

std::string Containers::seccomp_file(const StartPlan& plan) const {
  struct stat info {};
  if (plan.seccomp_profile.empty() || ::stat(plan.seccomp_profile.c_str(), &info) != 0) return "";
  // A profile that was edited is another profile.
  std::array<char, 128> name;
  ::snprintf(name.data(), name.size(), "%llx-%llx-%llx-%llx.bpf", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino, (unsigned long long)info.st_size,
             (unsigned long long)info.st_mtim.tv_sec * 1000000000ULL +
                 (unsigned long long)info.st_mtim.tv_nsec);
  return context_.options.state_dir + "/keeper/seccomp/" + name.data();
}

void Containers::save(const Container& container) const {
  Writer kept(Kind::START, 0);
  kept.put(Tag::ITEM, container.frame).put(Tag::SECCOMP_FILTER, container.filter);
  if (container.init > 0) {
    for (const auto& [tag, pid] :
         {std::pair{Tag::MONITOR_PID, container.monitor}, {Tag::INIT_PID, container.init}}) {
      const auto stat = process_stat(pid);
      Writer item;
      item.number(Tag::PID, static_cast<uint64_t>(pid));
      item.number(Tag::TIME, stat ? stat->start_time : 0);
      kept.put(tag, item);
    }
  }
  const std::string path = plan_file(container.plan.key());
  const std::string temporary = path + ".new";
  base::UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid() || !base::write_all(fd.get(), kept.bytes(), temporary).ok() ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    context_.log.line("%s: its plan could not be kept: %s", container.plan.key().c_str(),
                      std::strerror(errno));
  }
}

base::Status Containers::open_fifo(const std::string& lxc_path) {
  if (fifos_.contains(lxc_path)) return base::success();
  auto fifo = MonitorFifo::open(lxc_path);
  if (!fifo.ok()) return std::move(fifo.error());
  const int fd = fifo->fd();
  fifos_.emplace(lxc_path, std::move(*fifo));
  context_.loop.watch(fd, EPOLLIN, [this, lxc_path](uint32_t) {
    fifos_.at(lxc_path).drain([&](MonitorFifo::Type type, const std::string& name, int value) {
      record(lxc_path, type, name, value);
    });
  });
  return base::success();
}

void Containers::remove_fifos() {
  for (auto& [path, fifo] : fifos_) {
    context_.loop.forget(fifo.fd());
    fifo.remove();
  }
  fifos_.clear();
}

base::Status Containers::open_notify(Container& container) {
  if (container.plan.notify_socket.empty()) return base::success();
  const uid_t root = root_of(container.plan.rootfs.uid_map);
  auto socket = listen_notify(container.plan.notify_socket, root);
  if (!socket.ok()) return std::move(socket.error());
  container.notify = std::move(*socket);
  context_.loop.watch(container.notify.get(), EPOLLIN,
                      [this, key = container.plan.key()](uint32_t) { notified(key); });
  return base::success();
}

void Containers::start(const Message& message, const Request& request) {
  const uint64_t requested = now_us();
  auto plan = StartPlan::parse(message.fields);
  if (!plan.ok()) return request.fail(plan.error(), "plan");
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
  save(container);  // before anything exists that somebody would have to find again
  if (const auto launched = launch(container); !launched.ok()) {
    request.fail(launched.error(), "launch");
    container.waiting.reset();
    finish(key, kReportedStatus << 8);
  }
}

base::Status Containers::launch(Container& container) {
  const std::string key = container.plan.key();
  TRY_STATUS(open_fifo(container.plan.lxc_path));
  TRY_STATUS(open_notify(container));
  auto userns = userns_.get(container.plan.rootfs.uid_map, container.plan.rootfs.gid_map);
  if (!userns.ok()) return std::move(userns.error());

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

  container.state = State::kStarting;
  container.exit_status.reset();
  container.ready = false;
  container.init = -1;
  const pid_t pid = ::fork();
  if (pid < 0) return base::last_error("fork");
  if (pid == 0) {
    run_monitor({container.plan, context_.hierarchies, *userns, write_end.get(), container.filter,
                 seccomp.get()});
  }
  container.forked_us = now_us();
  container.monitor = pid;
  container.ours = true;
  auto fd = ns::pidfd_open(pid);  // our child: the number is its own until we wait for it
  if (!fd.ok()) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return std::move(fd.error());
  }
  container.monitor_fd = std::move(*fd);
  context_.events.emit("state", container.plan.pool, container.plan.id,
                       [](Writer& w) { w.put(Tag::STATE, "starting"); });
  watch(key);
  container.deadline = context_.loop.after(container.plan.timeout_ms, [this, key] {
    Container* late = find(key);
    if (late == nullptr || late->state != State::kStarting) return;
    context_.log.line("%s: did not start within %llu ms", key.c_str(),
                      (unsigned long long)late->plan.timeout_ms);
    if (late->waiting) {
      late->waiting->fail({ETIMEDOUT, "start", key}, "start", "ERR_TIMEOUT");
      late->waiting.reset();
    }
    (void)ns::pidfd_send_signal(late->monitor_fd.get(), SIGKILL);
  });
  return base::success();
}

void Containers::watch(const std::string& key) {
  Container& container = *find(key);
  context_.loop.watch(container.monitor_fd.get(), EPOLLIN,
                      [this, key](uint32_t) { monitor_gone(key); });
}

void Containers::abort(const Request& request, uint32_t start_request) {
  for (auto& [key, container] : containers_) {
    if (!container->waiting || container->waiting->id() != start_request ||
        container->waiting->client() != request.client()) {
      continue;
    }
    container->waiting->fail({ECANCELED, "start", key}, "start", "ERR_ABORTED");
    container->waiting.reset();
    (void)ns::pidfd_send_signal(container->monitor_fd.get(), SIGKILL);
    return request.reply();
  }
  request.fail({ENOENT, "abort", ""});
}

void Containers::record(const std::string& lxc_path, MonitorFifo::Type type,
                        const std::string& name, int value) {
  Container* container = nullptr;
  for (auto& [key, candidate] : containers_) {
    if (candidate->plan.id == name && candidate->plan.lxc_path == lxc_path) {
      container = candidate.get();
      break;
    }
  }
  if (container == nullptr) return;
  if (type == MonitorFifo::Type::kExit) {
    container->exit_status = value;
    return;
  }
  if (value == kRunning) {
    // liblxc started it again by itself, so its monitor escaped interpose.cc: end that one,
    // and the reboot goes the way of every other start.
    if (rebooted(*container)) {
      (void)ns::pidfd_send_signal(container->monitor_fd.get(), SIGKILL);
      return;
    }
    if (container->state == State::kStarting) running(*container);
    if (container->state == State::kFrozen) frozen(*container, false);
  } else if (value == kFrozen && container->state == State::kRunning) {
    frozen(*container, true);
  } else if (value == kThawed && container->state == State::kFrozen) {
    frozen(*container, false);
  } else if (value == kStopping && container->state != State::kStarting) {
    container->state = State::kStopping;
    context_.events.emit("state", container->plan.pool, name,
                         [](Writer& w) { w.put(Tag::STATE, "stopping"); });
  } else if (value == kAborting) {
    context_.events.emit("state", container->plan.pool, name,
                         [](Writer& w) { w.put(Tag::STATE, "aborting"); });
  }
}

void Containers::running(Container& container) {
  const std::string key = container.plan.key();
  container.state = State::kRunning;
  context_.loop.cancel(container.deadline);
  container.report.reset();
  container.init = only_child(container.monitor);
  if (container.init > 0) {
    auto fd = ns::pidfd_open(container.init);
    const auto stat = process_stat(container.init);
    if (fd.ok() && stat && stat->parent == container.monitor) container.init_fd = std::move(*fd);
  }
  // Before the answer: what is acknowledged outlives us.
  if (!container.filter.empty()) {
    ::rename((container.filter + "." + key).c_str(), container.filter.c_str());
  }
  save(container);
  answer_start(container);
  context_.events.emit("state", container.plan.pool, container.plan.id, [&](Writer& w) {
    w.put(Tag::STATE, "running").number(Tag::INIT_PID, static_cast<uint64_t>(container.init));
  });
  // The container has the mount in its own namespace now. Gone from here it is in nobody's
  // way: the next start copies fewer mounts, and an unmount of the pool is not held up.
  unmount_rootfs(container.plan.rootfs.target);
}

void Containers::frozen(Container& container, bool frozen) {
  container.state = frozen ? State::kFrozen : State::kRunning;
  context_.events.emit("state", container.plan.pool, container.plan.id, [&](Writer& w) {
    w.put(Tag::STATE, name_of(container.state));
    w.number(Tag::INIT_PID, static_cast<uint64_t>(container.init));
  });
}

void Containers::tell_state(const Message& message, const Request& request) {
  const std::string key = message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID);
  const Container* container = find(key);
  if (container == nullptr) return request.fail({ENOENT, "state", key});
  const int state = message.fields.text(Tag::STATE) == "frozen" ? kFrozen : kRunning;
  CommandSocket::tell_state(context_.loop, container->plan.lxc_path, container->plan.id, state);
  request.reply();
}

void Containers::answer_start(Container& container) {
  if (!container.waiting) return;
  const Request request = *std::exchange(container.waiting, std::nullopt);
  if (!container.init_fd.valid()) {
    // It ended already; the exit event that follows says how.
    return request.fail({ESRCH, "start", container.plan.key()}, "start", "ERR_CONTAINER_ENDED",
                        log_tail(container.plan.log_file));
  }
  Writer answer = request.answer();
  answer.number(Tag::INIT_PID, static_cast<uint64_t>(container.init));
  answer.number(Tag::MONITOR_PID, static_cast<uint64_t>(container.monitor));
  for (const auto& [name, us] : {std::pair{"prepare", container.forked_us - container.requested_us},
                                 {"start", now_us() - container.forked_us}}) {
    Writer timing;
    timing.put(Tag::STEP, name).number(Tag::TIME, us);
    answer.put(Tag::TIMING, timing);
  }
  request.reply(answer, {container.init_fd.get()});
}

void Containers::notified(const std::string& key) {
  Container* container = find(key);
  if (container == nullptr || !container->notify.valid()) return;
  const auto status = read_notify(container->notify.get());
  if (!status || container->ready) return;
  container->ready = true;
  context_.events.emit("ready", container->plan.pool, container->plan.id,
                       [&](Writer& w) { w.put(Tag::DETAIL, *status); });
}

void Containers::monitor_gone(const std::string& key) {
  Container* container = find(key);
  if (container == nullptr) return;
  // What the monitor wrote before it ended is still in the FIFO.
  const std::string lxc_path = container->plan.lxc_path;
  fifos_.at(lxc_path).drain([&](MonitorFifo::Type type, const std::string& name, int value) {
    record(lxc_path, type, name, value);
  });
  int status = 0;
  if (container->ours) {
    base::retry([&] { return ::waitpid(container->monitor, &status, 0); });
  }
  finish(key, status);
}

void Containers::fail_start(Container& container, int monitor_status) {
  if (!container.waiting) return;
  const Request request = *container.waiting;
  container.waiting.reset();
  Report report{};
  if (container.report.valid() && ::read(container.report.get(), &report, sizeof report) ==
                                      static_cast<ssize_t>(sizeof report)) {
    base::SysError error{report.errnum, report.syscall, report.path};
    return request.fail(error, report.step);
  }
  request.fail({ECHILD, "start", container.plan.key()}, "lxc",
               WIFSIGNALED(monitor_status) ? "ERR_MONITOR_KILLED" : "ERR_LXC_START",
               log_tail(container.plan.log_file));
}

void Containers::finish(const std::string& key, int monitor_status) {
  Container& container = *find(key);
  const bool ran = container.state != State::kStarting;
  const bool again = rebooted(container) && ran;
  context_.loop.cancel(container.deadline);
  if (container.monitor_fd.valid()) context_.loop.forget(container.monitor_fd.get());
  if (container.notify.valid()) context_.loop.forget(container.notify.get());
  container.notify.reset();
  container.monitor_fd.reset();
  container.init_fd.reset();
  unmount_rootfs(container.plan.rootfs.target);
  remove_overlay_work(container.plan.rootfs);
  if (!container.plan.notify_socket.empty()) ::unlink(container.plan.notify_socket.c_str());
  if (!container.filter.empty()) ::unlink((container.filter + "." + key).c_str());

  // A monitor that ended by itself removed its cgroups; one that was killed did not.
  for (const std::string* cgroup : {&container.plan.cgroup, &container.plan.monitor_cgroup}) {
    const auto left = cgroup::exists(context_.hierarchies, *cgroup);
    if (!left.ok() || left->empty()) continue;
    (void)cgroup::kill(context_.hierarchies, *cgroup);
    if (const auto removed = cgroup::remove(context_.hierarchies, *cgroup, 500); !removed.ok()) {
      context_.log.line("%s: cgroup %s is left: %s", key.c_str(), cgroup->c_str(),
                        std::strerror(removed.error().errnum));
    }
  }
  fail_start(container, monitor_status);

  const char* reason = "exited";
  if (!ran) {
    reason = "failed";
  } else if (!container.exit_status) {
    reason = "unknown";
  } else if (again) {
    reason = "reboot";
  } else if (WIFSIGNALED(*container.exit_status)) {
    reason = WTERMSIG(*container.exit_status) == SIGINT ? "halt" : "signal";
  }
  ended_(key);
  context_.events.emit("exit", container.plan.pool, container.plan.id, [&](Writer& w) {
    w.put(Tag::REASON, reason);
    if (container.exit_status) w.number(Tag::STATUS, static_cast<uint64_t>(*container.exit_status));
  });
  if (again) {
    container.requested_us = now_us();
    container.init = -1;
    save(container);
    const auto launched = launch(container);
    if (launched.ok()) return;
    context_.log.line("%s: could not be started again after a reboot: %s %s: %s", key.c_str(),
                      launched.error().syscall, launched.error().path.c_str(),
                      std::strerror(launched.error().errnum));
  }
  ::unlink(plan_file(key).c_str());
  const std::string pool = container.plan.pool;
  const std::string id = container.plan.id;
  containers_.erase(key);
  context_.events.emit("state", pool, id, [](Writer& w) { w.put(Tag::STATE, "stopped"); });
}

void Containers::lookup(const Message& message, const Request& request) {
  const std::string key = message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID);
  const Container* container = find(key);
  if (container == nullptr) return request.fail({ENOENT, "lookup", key});
  Writer answer = request.answer();
  answer.put(Tag::STATE, name_of(container->state));
  answer.number(Tag::INIT_PID, static_cast<uint64_t>(container->init));
  answer.number(Tag::MONITOR_PID, static_cast<uint64_t>(container->monitor));
  answer.number(Tag::DONE, container->ready ? 1 : 0);
  if (!container->init_fd.valid()) return request.reply(answer);
  request.reply(answer, {container->init_fd.get()});
}

void Containers::list(const Request& request) {
  // Several frames when there are many: DONE marks the last.
  Writer answer = request.answer();
  for (const auto& [key, container] : containers_) {
    Writer item;
    item.put(Tag::POOL, container->plan.pool).put(Tag::ID, container->plan.id);
    item.put(Tag::STATE, name_of(container->state));
    item.number(Tag::INIT_PID, static_cast<uint64_t>(container->init));
    item.number(Tag::DONE, container->ready ? 1 : 0);
    answer.put(Tag::ITEM, item);
    if (answer.bytes().size() > kMaxFrame / 2) {
      request.reply(answer);
      answer = request.answer();
    }
  }
  request.reply(answer.number(Tag::DONE, 1));
}

}  // namespace keeper
