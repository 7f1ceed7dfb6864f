// Taking over what a keeper before this one left. What it kept per container is one file;
// whether the processes in it are still the same is for /proc and pidfds to say.

#include "keeper/adopt.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/file.h"
#include "keeper/containers.h"
#include "keeper/delegation.h"
#include "keeper/process.h"
#include "keeper/reboot_mark.h"
#include "keeper/rootfs.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

constexpr size_t kMaxPlan = kMaxFrame + 4096;

struct Known {
  pid_t pid = -1;
  uint64_t start_time = 0;
  base::UniqueFd fd;
  int unknown = 0;  // why it could not be looked at
};

Known known_process(std::string_view item) {
  const auto fields = Fields::parse(item);
  if (!fields || !fields->has(Tag::PID)) return {};
  const auto pid = static_cast<pid_t>(fields->number(Tag::PID));
  const uint64_t start_time = fields->number(Tag::TIME);
  if (pid <= 0) return {pid, start_time, {}, 0};  // written down before there was one
  auto fd = open_same_process(pid, start_time);
  if (fd.ok()) return {pid, start_time, std::move(*fd)};
  return {pid, start_time, {}, fd.error().errnum == ESRCH ? 0 : fd.error().errnum};
}

// Of a start that nobody waits for any more. It is not our child: its end is all there is to wait
// for.
void end(int pidfd) {
  (void)ns::pidfd_send_signal(pidfd, SIGKILL);
  pollfd ended{pidfd, POLLIN, 0};
  (void)::poll(&ended, 1, 1000);
}

std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return names;
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(dir);
  return names;
}

std::optional<StartPlan> plan_of(const Message& kept) {
  const auto start = Message::parse(kept.fields.text(Tag::ITEM));
  if (!start) return std::nullopt;
  auto plan = StartPlan::parse(start->fields);
  if (!plan.ok()) return std::nullopt;
  return std::move(*plan);
}

}  // namespace

std::optional<StartPlan> plan_in(const std::string& path) {
  const auto bytes = base::read_file(path, kMaxPlan);
  const auto kept = bytes.ok() ? Message::parse(*bytes) : std::nullopt;
  return kept ? plan_of(*kept) : std::nullopt;
}

base::UniqueFd mount_namespace_left(const std::string& state_dir) {
  for (const std::string& name : entries(state_dir + "/keeper/plans")) {
    const auto bytes = base::read_file(state_dir + "/keeper/plans/" + name, kMaxPlan);
    const auto kept = bytes.ok() ? Message::parse(*bytes) : std::nullopt;
    if (!kept) continue;
    const Known monitor = known_process(kept->fields.text(Tag::MONITOR_PID));
    if (!monitor.fd.valid()) continue;
    const std::string path = "/proc/" + std::to_string(monitor.pid) + "/ns/mnt";
    base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid()) return fd;
  }
  return {};
}

void Containers::adopt_all() {
  const std::string directory = context_.options.state_dir + "/keeper/plans";
  for (const std::string& name : entries(directory)) {
    const std::string path = directory + "/" + name;
    const auto bytes = base::read_file(path, kMaxPlan);
    if (!bytes.ok() && bytes.error().errnum != EFBIG) {
      context_.log.line("%s: left as it is: %s", path.c_str(), std::strerror(bytes.error().errnum));
      continue;
    }
    const auto kept = bytes.ok() ? Message::parse(*bytes) : std::nullopt;
    auto plan = kept ? plan_of(*kept) : std::nullopt;
    if (!plan || plan->key() != name) {
      context_.log.line("%s: not a plan, removed", path.c_str());
      ::unlink(path.c_str());
      continue;
    }
    Known monitor = known_process(kept->fields.text(Tag::MONITOR_PID));
    Known init = known_process(kept->fields.text(Tag::INIT_PID));
    if (const int unknown = monitor.unknown != 0 ? monitor.unknown : init.unknown; unknown != 0) {
      // It may well run, and is not to be ended because we cannot look.
      context_.log.line("%s: left as it is: its processes cannot be looked at: %s", name.c_str(),
                        std::strerror(unknown));
      continue;
    }
    auto made = std::make_unique<Container>();
    Container& container = *made;
    container.plan = std::move(*plan);
    container.frame = kept->fields.str(Tag::ITEM);
    container.filter = kept->fields.str(Tag::SECCOMP_FILTER);
    container.notify_path = kept->fields.str(Tag::NOTIFY_SOCKET);
    const bool ran = init.pid > 0;
    container.monitor_start_time = monitor.start_time;
    containers_[name] = std::move(made);
    // Also without it the end is seen: expect_end().
    if (!open_fifo(container.plan.lxc_path).ok()) open_fifo_later(container.plan.lxc_path);
    const RebootMark mark = reboot_mark_at(reboot_mark(name), monitor.pid, monitor.start_time);
    if (ran && monitor.fd.valid() && mark != RebootMark::kOfThat) {
      container.monitor = monitor.pid;
      container.monitor_fd = std::move(monitor.fd);
      container.init = init.pid;
      container.init_fd = std::move(init.fd);
      container.state = State::kRunning;
      container.announced = true;
      container.ready = kept->fields.number(Tag::DONE) != 0;
      context_.log.line("%s: adopted, init %d", name.c_str(), container.init);
      watch(name);
      watch_init(name);
      // One that was cut off may have taken something back that it was to keep.
      if (const int init_fd = container.init_fd.get(); init_fd >= 0) {
        (void)delegate(container.plan, container.init, init_fd);
      }
      unmount_rootfs(container.plan.rootfs.target);  // init has its own
      ::unlink(reboot_mark(name).c_str());
      context_.events.emit("state", container.plan.pool, container.plan.id, [&](Writer& w) {
        w.put(Tag::STATE, "running").number(Tag::INIT_PID, static_cast<uint64_t>(container.init));
      });
      continue;
    }
    if (monitor.fd.valid()) end(monitor.fd.get());
    // That of a monitor before this one says nothing any more once this one's init ran.
    const bool again = mark == RebootMark::kOfThat || (mark == RebootMark::kOfAnother && !ran);
    context_.log.line("%s: %s, cleaned up%s", name.c_str(),
                      ran ? "its monitor is gone" : "its start was under way",
                      again ? " and started again" : "");
    if (again) container.exit_status = SIGHUP;  // as for liblxc's record of a reboot
    container.state = again || ran ? State::kRunning : State::kStarting;
    finish(name, 0);
  }
}

}  // namespace keeper
