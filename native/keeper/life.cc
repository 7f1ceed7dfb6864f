// What happens to a container once it has been started, up to its end or its next beginning.

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/retry.h"
#include "cgroup/tree.h"
#include "keeper/containers.h"
#include "keeper/notify.h"
#include "keeper/process.h"
#include "keeper/reboot_mark.h"
#include "keeper/relays.h"
#include "keeper/rootfs.h"
#include "keeper/step.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

// What a reboot(2) in the guest turns into: init's parent sees it killed by a signal,
// pid_namespaces(7).
bool rebooted(const Container& container) {
  return container.exit_status && WIFSIGNALED(*container.exit_status) &&
         WTERMSIG(*container.exit_status) == SIGHUP;
}

// From now on it is as `frame` says.
void go_on_as(Container& container, const std::string& frame) {
  const auto message = Message::parse(frame);
  auto plan = StartPlan::parse(message->fields);  // checked when it came
  container.frame = message->frame;
  container.plan = std::move(*plan);
}

// A monitor says at once how init ended. One that is held up by its guest, such as by keys that
// nobody reads from a console, does not.
constexpr uint64_t kFollowMs = 5000;
// How often what a guest says of its readiness is listened to.
constexpr uint64_t kHearMs = 20;
// How often an init is looked for whose start is to be answered.
constexpr uint64_t kSeeMs = 100;

// Under its final name only when it is whole: an empty one would confine nothing, and its being
// there would keep the next start from writing it.
void keep_filter(const std::string& written, const std::string& name) {
  struct stat info{};
  if (::stat(written.c_str(), &info) == 0 && info.st_size > 0) {
    ::rename(written.c_str(), name.c_str());
  } else {
    ::unlink(written.c_str());
  }
}

}  // namespace

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
  if (value == kLxcRunning) {
    // liblxc started it again by itself, so its monitor escaped interpose.cc: end that one,
    // and the reboot goes the way of every other start.
    if (rebooted(*container)) {
      (void)ns::pidfd_send_signal(container->monitor_fd.get(), SIGKILL);
      return;
    }
    // One that was given up is being killed, and its caller is told that.
    if (container->state == State::kStarting && container->given_up == nullptr) {
      running(*container);
    }
    if (container->state == State::kFrozen) frozen(*container, false);
  } else if (value == kLxcFrozen && container->state == State::kRunning) {
    frozen(*container, true);
  } else if (value == kLxcThawed && container->state == State::kFrozen) {
    frozen(*container, false);
  } else if (value == kLxcStopping && container->state != State::kStarting && !container->over) {
    container->state = State::kStopping;
    context_.events.emit("state", container->plan.pool, name,
                         [](Writer& w) { w.put(Tag::STATE, "stopping"); });
  } else if (value == kLxcAborting) {
    context_.events.emit("state", container->plan.pool, name,
                         [](Writer& w) { w.put(Tag::STATE, "aborting"); });
  }
}

void Containers::running(Container& container) {
  const std::string key = container.plan.key();
  container.state = State::kRunning;
  context_.loop.cancel(container.look);
  container.report.reset();
  container.init = only_child(container.monitor);
  if (container.init > 0) {
    auto fd = ns::pidfd_open(container.init);
    const auto stat = process_stat(container.init);
    if (fd.ok() && stat && stat->parent == container.monitor) container.init_fd = std::move(*fd);
  }
  announce(container);
  passed(Step::RUNNING_FOUND);
  // Before the answer: what is acknowledged outlives us.
  if (!container.filter.empty()) keep_filter(container.filter + "." + key, container.filter);
  passed(Step::RUNNING_FILTER);
  if (const auto saved = save(container); !saved.ok()) {
    context_.log.line("%s: its init could not be written down: %s", key.c_str(),
                      std::strerror(saved.error().errnum));
  }
  ::unlink(reboot_mark(key).c_str());
  passed(Step::RUNNING_SAVED);
  // The event first: who has the answer may freeze it, and must not hear then that it runs.
  tell_running(container);
  passed(Step::RUNNING_TOLD);
  if (container.init_fd.valid() || !container.waiting) answer_start(container);
  // The container has the mount in its own namespace now. Gone from here it is in nobody's
  // way: the next start copies fewer mounts, and an unmount of the pool is not held up.
  unmount_rootfs(container.plan.rootfs.target);
  passed(Step::RUNNING_UNMOUNTED);
  watch_init(key);
}

// Without an init that cannot be seen just now.
void Containers::tell_running(const Container& container) {
  context_.events.emit("state", container.plan.pool, container.plan.id, [&](Writer& w) {
    w.put(Tag::STATE, name_of(container.state));
    if (container.init > 0) w.number(Tag::INIT_PID, static_cast<uint64_t>(container.init));
  });
}

void Containers::watch_init(const std::string& key) {
  const Container& container = *find(key);
  if (!container.init_fd.valid()) return container.waiting ? expect_init(key) : expect_end(key);
  context_.loop.watch(container.init_fd.get(), EPOLLIN, [this, key](uint32_t) {
    context_.loop.forget(find(key)->init_fd.get());
    expect_end(key);
  });
}

// We may not open anything just now. The answer to its start waits for that, as long as a start may
// take, or for its end.
void Containers::expect_init(const std::string& key) {
  find(key)->follow = context_.loop.after(kSeeMs, [this, key] {
    Container* late = find(key);
    if (late == nullptr || late->given_up != nullptr) return;
    const auto looked = look_at_init(*late);
    if (!looked) return expect_init(key);
    if (*looked == Init::kEnded) return expect_end(key);
    found_init(*late);
    answer_start(*late);
  });
}

void Containers::found_init(Container& container) {
  (void)save(container);
  tell_running(container);
  watch_init(container.plan.key());
}

void Containers::expect_end(const std::string& key) {
  find(key)->follow = context_.loop.after(kFollowMs, [this, key] {
    Container* late = find(key);
    if (late == nullptr) return;
    drain_fifo(*late);
    if (late->exit_status) return;
    const auto looked = look_at_init(*late);
    if (!looked) return expect_end(key);  // we may not open anything just now
    if (*looked == Init::kRuns) return found_init(*late);
    context_.log.line("%s: its init has ended, but its monitor does not see it", key.c_str());
    (void)ns::pidfd_send_signal(late->monitor_fd.get(), SIGKILL);
  });
}

// Takes over one that could not be found before, and how one has ended that nobody has waited for
// yet.
std::optional<Containers::Init> Containers::look_at_init(Container& container) {
  const auto child = child_of(container.monitor);
  if (!child) return std::nullopt;
  if (*child <= 0) return Init::kEnded;
  auto fd = ns::pidfd_open(*child);
  const auto stat = process_stat(*child);
  if (!fd.ok() || !stat) return std::nullopt;
  if (stat->parent != container.monitor) return Init::kEnded;
  pollfd ended{fd->get(), POLLIN, 0};
  if (::poll(&ended, 1, 0) == 0) {
    container.init = *child;
    container.init_fd = std::move(*fd);
    return Init::kRuns;
  }
  if (*child == container.init) container.exit_status = stat->exit_code;
  return Init::kEnded;
}

void Containers::frozen(Container& container, bool frozen) {
  container.state = frozen ? State::kFrozen : State::kRunning;
  tell_running(container);
}

void Containers::end_programs(const std::string& key) {
  Container* container = find(key);
  if (container == nullptr || container->plan.init.empty()) return;
  if (!container->ours || container->over) return;
  container->over = true;
  container->state = State::kStopping;
  context_.events.emit("state", container->plan.pool, container->plan.id,
                       [](Writer& w) { w.put(Tag::STATE, "stopping"); });
  // And with it all that the programs have left behind. It would end by itself when asked, but not
  // where its guest has stopped it.
  (void)ns::pidfd_send_signal(container->init_fd.get(), SIGKILL);
  passed(Step::EXEC_LAST);
}

void Containers::notified(const std::string& key) {
  Container* container = find(key);
  if (container == nullptr || !container->notify.valid()) return;
  const Notice notice = read_notify(container->notify.get());
  if (notice.descriptors) {
    context_.log.line("%s: sends descriptors; what it says is not heard until it starts again",
                      key.c_str());
  }
  if (notice.ready || notice.descriptors || container->ready) {
    leave_notify(*container);
  } else {
    hear_later(*container);
  }
  if (!notice.ready || container->ready) return;
  container->ready = true;
  // The guest says it once.
  if (const auto saved = save(*container); !saved.ok()) {
    context_.log.line("%s: that it is ready could not be written down: %s", key.c_str(),
                      std::strerror(saved.error().errnum));
  }
  context_.events.emit("ready", container->plan.pool, container->plan.id,
                       [&](Writer& w) { w.put(Tag::DETAIL, *notice.ready); });
}

// A guest can talk without end, and would have a processor of ours for as long.
void Containers::hear_later(Container& container) {
  context_.loop.forget(container.notify.get());
  container.hear = context_.loop.after(kHearMs, [this, key = container.plan.key()] {
    const Container* late = find(key);
    if (late != nullptr && late->notify.valid()) watch_notify(*late);
  });
}

// What the guest says from now on meets a socket where nobody listens, ECONNREFUSED: systemd goes
// on then, as it does where a keeper has adopted it.
void Containers::leave_notify(Container& container) {
  base::UniqueFd socket = std::move(container.notify);
  if (!socket.valid()) return;
  context_.loop.cancel(container.hear);
  context_.loop.forget(socket.get());
  ::shutdown(socket.get(), SHUT_RD);  // nothing more comes, unix_dgram_sendmsg() in Linux
  Notice notice;
  do {
    notice = read_notify(socket.get());
  } while (notice.more);
  if (notice.descriptors) context_.relays.drop(std::move(socket));
}

void Containers::close_notify(Container& container) {
  leave_notify(container);
  if (!container.notify_path.empty()) ::unlink(container.notify_path.c_str());
}

void Containers::drain_fifo(const Container& container) {
  const std::string lxc_path = container.plan.lxc_path;
  const auto fifo = fifos_.find(lxc_path);
  if (fifo == fifos_.end()) return;
  fifo->second.drain([&](MonitorFifo::Type type, const std::string& name, int value) {
    record(lxc_path, type, name, value);
  });
}

void Containers::monitor_gone(const std::string& key) {
  Container* container = find(key);
  if (container == nullptr) return;
  drain_fifo(*container);  // what the monitor wrote before it ended is still there
  int status = 0;
  if (container->ours) {
    base::retry([&] { return ::waitpid(container->monitor, &status, 0); });
  }
  finish(key, status);
}

void Containers::finish(const std::string& key, int monitor_status) {
  Container& container = *find(key);
  passed(Step::END_REAPED);
  const bool ran = container.state != State::kStarting;
  // One that was adopted may have made its mark, and not been heard.
  if (!container.exit_status &&
      reboot_mark_at(reboot_mark(key), container.monitor, container.monitor_start_time) ==
          RebootMark::kOfThat) {
    container.exit_status = SIGHUP;
  }
  if (container.over) container.exit_status = 0;  // that we killed its init is nobody's concern
  const bool again =
      rebooted(container) && ran && container.plan.init.empty() && container.given_up == nullptr;
  context_.loop.cancel(container.deadline);
  context_.loop.cancel(container.undo);
  context_.loop.cancel(container.look);
  context_.loop.cancel(container.follow);
  for (const base::UniqueFd* fd : {&container.monitor_fd, &container.init_fd}) {
    if (fd->valid()) context_.loop.forget(fd->get());
  }
  close_notify(container);
  container.monitor_fd.reset();
  container.init_fd.reset();
  take_back(container);
  passed(Step::END_DETACHED);
  unmount_rootfs(container.plan.rootfs.target);
  remove_overlay_work(container.plan.rootfs);
  if (!container.filter.empty()) ::unlink((container.filter + "." + key).c_str());
  passed(Step::END_UNMOUNTED);

  // A monitor that ended by itself removed its cgroups; one that was killed did not.
  const std::string& cgroup = container.plan.cgroup;
  if (const auto left = cgroup::exists(context_.hierarchies, cgroup); left.ok() && !left->empty()) {
    // A guest may have made a lot to look at, and others wait for us meanwhile.
    constexpr int kWalkMs = 200;
    (void)cgroup::kill(context_.hierarchies, cgroup, kWalkMs);
    if (const auto removed = cgroup::remove(context_.hierarchies, cgroup, 500, kWalkMs);
        !removed.ok()) {
      context_.log.line("%s: cgroup %s is left: %s", key.c_str(), cgroup.c_str(),
                        std::strerror(removed.error().errnum));
    }
  }
  passed(Step::END_CGROUPS);
  fail_start(container, monitor_status);

  const char* reason = "exited";
  if (!ran) {
    reason = "failed";
  } else if (!container.exit_status) {
    reason = "unknown";
  } else if (again) {
    reason = "reboot";
  } else if (WIFSIGNALED(*container.exit_status)) {
    reason = WTERMSIG(*container.exit_status) == SIGINT || rebooted(container) ? "halt" : "signal";
  }
  announce(container);
  ended_(key);
  tell_exit(container, reason);
  passed(Step::END_KEPT);
  if (again) {
    container.requested_us = now_us();
    if (const std::string next = container.plan.next; !next.empty()) go_on_as(container, next);
    const auto launched = launch(container);
    if (launched.ok()) return;
    context_.log.line("%s: could not be started again after a reboot: %s %s: %s", key.c_str(),
                      launched.error().syscall, launched.error().path.c_str(),
                      std::strerror(launched.error().errnum));
    close_notify(container);
    container.exit_status.reset();
    tell_exit(container, "failed");
  }
  ::unlink(reboot_mark(key).c_str());
  ::unlink(plan_file(key).c_str());
  passed(Step::END_FORGOTTEN);
  const std::string pool = container.plan.pool;
  const std::string id = container.plan.id;
  containers_.erase(key);
  context_.events.emit("state", pool, id, [](Writer& w) { w.put(Tag::STATE, "stopped"); });
}

}  // namespace keeper
