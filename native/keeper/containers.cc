#include "keeper/containers.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "keeper/command_socket.h"
#include "keeper/delegation.h"
#include "keeper/payload_cgroups.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"
#include "keeper/state_directory.h"

namespace keeper {
namespace {

// What lxc-wait(1) has begun ends a minute after it.
constexpr uint64_t kFifoMs = 1000;

}  // namespace

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

uint64_t now_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

Containers::Containers(Context& context, UsernsCache& userns, Ended ended)
    : context_(context), userns_(userns), ended_(std::move(ended)) {}

Container* Containers::find(const std::string& key) {
  const auto it = containers_.find(key);
  return it == containers_.end() ? nullptr : it->second.get();
}

std::string Containers::plan_file(const std::string& key) const {
  return context_.options.state_dir + "/keeper/plans/" + key;
}

std::string Containers::reboot_mark(const std::string& key) const {
  return context_.options.state_dir + "/keeper/reboots/" + key;
}

bool Containers::has_rootfs(std::string_view path) const {
  const bool known = std::any_of(containers_.begin(), containers_.end(), [path](const auto& one) {
    return is_of_rootfs(path, one.second->plan.rootfs.target);
  });
  return known || std::any_of(delegated_.begin(), delegated_.end(), [path](const auto& one) {
           return path == one.second.plan.rootfs.target + kUsernsPart;
         });
}

void Containers::take_back(const Container& container) {
  if (is_delegated(container.plan)) {
    delegated_.try_emplace(container.plan.key(), Delegated{container.plan, container.frame});
  }
  take_back();
}

void Containers::take_back() {
  for (auto it = delegated_.begin(); it != delegated_.end();) {
    const auto taken = end_delegation(it->second.plan);
    if (!taken.ok()) {
      context_.log.line("%s: %s stays in the hands of its user namespace: %s", it->first.c_str(),
                        taken.error().path.c_str(), std::strerror(taken.error().errnum));
    }
    it = taken.ok() ? delegated_.erase(it) : std::next(it);
  }
}

std::vector<std::string> Containers::payloads() const {
  std::vector<std::string> all;
  for (const auto& [key, container] : containers_) {
    all.push_back(container->plan.cgroup + "/" + kPayloadCgroup);
  }
  return all;
}

std::string Containers::seccomp_file(const StartPlan& plan) const {
  struct stat info{};
  if (plan.seccomp_profile.empty() || ::stat(plan.seccomp_profile.c_str(), &info) != 0) return "";
  // A profile that was edited is another profile.
  std::array<char, 128> name;
  ::snprintf(name.data(), name.size(), "%llx-%llx-%llx-%llx-%llx.bpf",
             (unsigned long long)info.st_dev, (unsigned long long)info.st_ino,
             (unsigned long long)info.st_size,
             (unsigned long long)info.st_mtim.tv_sec * 1000000000ULL +
                 (unsigned long long)info.st_mtim.tv_nsec,
             // The time of modification can be set by hand, this one cannot.
             (unsigned long long)info.st_ctim.tv_sec * 1000000000ULL +
                 (unsigned long long)info.st_ctim.tv_nsec);
  return context_.options.state_dir + "/keeper/seccomp/" + name.data();
}

namespace {

Writer kept_plan(const Container& container) {
  Writer kept(Kind::START, 0);
  kept.put(Tag::ITEM, container.frame).put(Tag::SECCOMP_FILTER, container.filter);
  const auto process = [&](Tag tag, pid_t pid, uint64_t start_time) {
    Writer item;
    item.number(Tag::PID, pid > 0 ? static_cast<uint64_t>(pid) : 0);
    kept.put(tag, item.number(Tag::TIME, start_time));
  };
  const auto stat = container.init > 0 ? process_stat(container.init) : std::nullopt;
  process(Tag::MONITOR_PID, container.monitor, container.monitor_start_time);
  process(Tag::INIT_PID, container.init, stat ? stat->start_time : 0);
  kept.number(Tag::DONE, container.ready ? 1 : 0).put(Tag::NOTIFY_SOCKET, container.notify_path);
  return kept;
}

}  // namespace

base::Status Containers::save(const Container& container) const {
  if (container.init <= 0) return save_anew(container);
  const std::string path = plan_file(container.plan.key());
  // As many bytes as before, so that a disk which has become full has room for them.
  const base::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return base::last_error("open", path);
  return base::write_all(fd.get(), kept_plan(container).bytes(), path);
}

base::Status Containers::keep_directories() {
  const std::string& state_dir = context_.options.state_dir;
  if (has_directories(state_dir)) return base::success();
  TRY_STATUS(make_directories(state_dir));
  for (const auto& [key, container] : containers_) {
    if (container->monitor > 0) TRY_STATUS(save_anew(*container));
  }
  context_.log.line("directories in %s were deleted, and are there again", state_dir.c_str());
  return base::success();
}

base::Status Containers::save_anew(const Container& container) const {
  const Writer kept = kept_plan(container);
  const std::string path = plan_file(container.plan.key());
  const std::string temporary = path + ".new";
  base::UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return base::last_error("open", temporary);
  TRY_STATUS(base::write_all(fd.get(), kept.bytes(), temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return base::last_error("rename", path);
  return base::success();
}

namespace {

std::vector<std::string> without(const std::vector<std::string>& all,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> left;
  std::copy_if(all.begin(), all.end(), std::back_inserter(left), [&](const std::string& one) {
    return std::find(others.begin(), others.end(), one) == others.end();
  });
  return left;
}

}  // namespace

void Containers::plan_next(const Message& message, const Request& request) {
  const auto frame = Message::parse(message.fields.text(Tag::ITEM));
  auto parsed = frame ? StartPlan::parse(frame->fields)
                      : base::Result<StartPlan>(base::SysError{EINVAL, "plan", ""});
  if (!parsed.ok()) return request.fail(parsed.error(), "plan");
  Container* container = find(parsed->key());
  if (container == nullptr) {
    return request.fail({ESRCH, "plan", parsed->key()}, "plan", "ERR_CONTAINER_NOT_RUNNING");
  }
  // What it has now is undone by its plan when it ends.
  const StartPlan& now = container->plan;
  if (parsed->rootfs.target != now.rootfs.target || parsed->rootfs.upper != now.rootfs.upper ||
      parsed->rootfs.mode != now.rootfs.mode || parsed->cgroup != now.cgroup ||
      parsed->lxc_path != now.lxc_path || parsed->next.empty() != now.next.empty() ||
      parsed->init.empty() != now.init.empty()) {
    return request.fail({EINVAL, "plan", parsed->key()}, "plan");
  }
  if (const auto kept = keep_directories(); !kept.ok()) return request.fail(kept.error(), "plan");
  const auto changed = change_plan(*container, std::move(*parsed), std::string(frame->frame));
  changed.ok() ? request.reply() : request.fail(changed.error(), "plan");
}

// What is written down is at least what is in the container's hands, whenever we are killed.
base::Status Containers::change_plan(Container& container, StartPlan plan, std::string frame) {
  const StartPlan before = container.plan;
  const auto gone = without(before.delegated, plan.delegated);
  const auto more = without(plan.delegated, before.delegated);
  if (gone.empty() && more.empty()) {
    TRY_STATUS(write_plan(container, std::move(plan), std::move(frame)));
    return base::success();
  }
  // A monitor has the plan that it began with.
  if (!container.init_fd.valid()) return base::SysError{EBUSY, "plan", before.key()};
  const std::string frame_before = container.frame;
  auto changed = detach(before, gone);
  if (changed.ok()) changed = write_plan(container, std::move(plan), std::move(frame));
  if (changed.ok()) changed = delegate(container.plan, container.init, container.init_fd.get());
  if (changed.ok()) return changed;
  (void)detach(before, more);
  (void)write_plan(container, before, frame_before);
  (void)delegate(before, container.init, container.init_fd.get());
  return changed;
}

base::Status Containers::write_plan(Container& container, StartPlan plan, std::string frame) {
  std::string before = std::exchange(container.frame, std::move(frame));
  if (auto saved = save_anew(container); !saved.ok()) {
    container.frame = std::move(before);
    return saved;
  }
  container.plan = std::move(plan);
  return base::success();
}

void Containers::tell_exit(const Container& container, std::string_view reason) {
  Writer exit;
  exit.put(Tag::REASON, reason);
  if (container.exit_status) {
    exit.number(Tag::STATUS, static_cast<uint64_t>(*container.exit_status));
  }
  // For who asks when this keeper, and its events with it, has gone.
  const std::string path = context_.options.state_dir + "/keeper/exits/" + container.plan.key();
  const base::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (fd.valid()) (void)base::write_all(fd.get(), exit.bytes(), path);
  context_.events.emit("exit", container.plan.pool, container.plan.id,
                       [&](Writer& w) { w.join(exit); });
}

base::Status Containers::open_fifo(const std::string& lxc_path) {
  if (fifos_.contains(lxc_path)) return base::success();
  auto fifo = MonitorFifo::open(lxc_path);
  if (!fifo.ok()) return std::move(fifo.error());
  fifos_.emplace(lxc_path, std::move(*fifo));
  watch_fifo(lxc_path);
  return base::success();
}

void Containers::open_fifo_later(const std::string& lxc_path) {
  if (!awaited_fifos_.insert(lxc_path).second) return;
  context_.loop.after(kFifoMs, [this, lxc_path] {
    awaited_fifos_.erase(lxc_path);
    if (!open_fifo(lxc_path).ok()) open_fifo_later(lxc_path);
  });
}

void Containers::watch_fifo(const std::string& lxc_path) {
  context_.loop.watch(fifos_.at(lxc_path).fd(), EPOLLIN, [this, lxc_path](uint32_t) {
    fifos_.at(lxc_path).drain([&](MonitorFifo::Type type, const std::string& name, int value) {
      record(lxc_path, type, name, value);
    });
  });
}

void Containers::remove_fifos() {
  for (auto& [path, fifo] : fifos_) {
    context_.loop.forget(fifo.fd());
    fifo.remove();
  }
  fifos_.clear();
}

void Containers::watch(const std::string& key) {
  Container& container = *find(key);
  context_.loop.watch(container.monitor_fd.get(), EPOLLIN,
                      [this, key](uint32_t) { monitor_gone(key); });
}

static void put_init(Writer& answer, const Container& container) {
  answer.number(Tag::INIT, container.plan.init.empty() ? 0 : 1);
  // One that starts has none yet.
  if (container.init > 0) answer.number(Tag::INIT_PID, static_cast<uint64_t>(container.init));
}

void Containers::lookup(const Message& message, const Request& request) {
  const std::string key = message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID);
  const Container* container = find(key);
  if (container == nullptr) return request.fail({ENOENT, "lookup", key});
  Writer answer = request.answer();
  answer.put(Tag::STATE, name_of(container->state));
  put_init(answer, *container);
  answer.number(Tag::MONITOR_PID, static_cast<uint64_t>(container->monitor));
  answer.number(Tag::DONE, container->ready ? 1 : 0);
  answer.number(Tag::NEXT, container->plan.next.empty() ? 0 : 1);
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
    put_init(item, *container);
    item.number(Tag::DONE, container->ready ? 1 : 0);
    item.number(Tag::NEXT, container->plan.next.empty() ? 0 : 1);
    answer.put(Tag::ITEM, item);
    if (answer.bytes().size() > kMaxFrame / 2) {
      request.reply(answer);
      answer = request.answer();
    }
  }
  request.reply(answer.number(Tag::DONE, 1));
}

void Containers::tell_state(const Message& message, const Request& request) {
  const std::string key = message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID);
  const Container* container = find(key);
  if (container == nullptr) return request.fail({ENOENT, "state", key});
  const int state = message.fields.text(Tag::STATE) == "frozen" ? kLxcFrozen : kLxcRunning;
  CommandSocket::tell_state(context_.loop, container->plan.lxc_path, container->plan.id, state);
  request.reply();
}

}  // namespace keeper
