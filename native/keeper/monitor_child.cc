#include "keeper/monitor_child.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "abi/lxc.h"
#include "base/file.h"
#include "cgroup/tree.h"
#include "keeper/adopt.h"
#include "keeper/context.h"
#include "keeper/delegation.h"
#include "keeper/descriptors.h"
#include "keeper/interpose.h"
#include "keeper/payload_cgroups.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"
#include "keeper/sealed.h"
#include "keeper/spare.h"
#include "keeper/step.h"

namespace keeper {
namespace {

void copy(char* to, size_t size, std::string_view from) {
  const size_t length = std::min(size - 1, from.size());
  std::memcpy(to, from.data(), length);
  to[length] = '\0';
}

[[noreturn]] void give_up(int report, const char* step, const base::SysError& error) {
  write_report(report, step, error);
  _exit(kReportedStatus);
}

#define OR_GIVE_UP(step, expression)                                                        \
  do {                                                                                      \
    if (auto status_ = (expression); !status_.ok()) give_up(report, step, status_.error()); \
  } while (0)

// liblxc refuses to start where a cgroup of that name is: what a killed monitor left goes first.
base::Status remove_left_over(const cgroup::Hierarchies& hierarchies, const std::string& cgroup) {
  TRY_STATUS(cgroup::kill(hierarchies, cgroup));
  return cgroup::remove(hierarchies, cgroup, 10'000);
}

// A filter that asks a supervisor needs liblxc's own way, which hands that descriptor on.
bool asks_supervisor(const std::string& filter) {
  for (size_t at = 0; at + sizeof(sock_filter) <= filter.size(); at += sizeof(sock_filter)) {
    sock_filter line{};
    std::memcpy(&line, filter.data() + at, sizeof line);
    if (BPF_CLASS(line.code) == BPF_RET &&
        (line.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF) {
      return true;
    }
  }
  return false;
}

// liblxc appends and never looks back. One former file is kept.
void rotate_log(const std::string& path) {
  constexpr off_t kLimit = 1024 * 1024;
  struct stat info{};
  if (path.empty() || ::lstat(path.c_str(), &info) != 0 || info.st_size <= kLimit) return;
  ::rename(path.c_str(), (path + ".1").c_str());
}

std::vector<std::string> parts(const std::string& path) {
  std::vector<std::string> names;
  for (size_t at = 0, end = 0; at <= path.size(); at = end + 1) {
    end = std::min(path.find('/', at), path.size());
    names.push_back(path.substr(at, end - at));
  }
  return names;
}

// The keeper does it, too: there may be none just now. What the guest was given later stands in its
// plan as it is kept.
void take_back(const StartPlan& plan, const std::string& plan_file) {
  if (!is_delegated(plan)) return;
  const auto kept = plan_in(plan_file);
  (void)end_delegation(kept ? *kept : plan);
}

// As liblxc names its own monitors, so that ps(1) shows what administrators know.
void take_title(const StartPlan& plan) {
  set_title("[lxc monitor] " + plan.lxc_path + " " + plan.id);
  ::prctl(PR_SET_NAME, "lxc monitor");
}

// The arguments of init, each ended by a NUL, in a file beside the configuration: liblxc splits
// `lxc.init.cmd` at blanks and knows no quotes (5.0.2). Without the file that is what counts.
class InitArguments {
 public:
  explicit InitArguments(const StartPlan& plan) {
    constexpr size_t kLimit = 128 * 1024;
    auto text = base::read_file(plan.config_directory() + "/init", kLimit);
    if (!text.ok() || text->empty() || text->back() != '\0') return;
    text_ = std::move(*text);
    for (size_t at = 0; at < text_.size(); at = text_.find('\0', at) + 1) {
      argv_.push_back(&text_[at]);
    }
    argv_.push_back(nullptr);
  }
  InitArguments(const InitArguments&) = delete;
  InitArguments& operator=(const InitArguments&) = delete;
  char** get() { return argv_.empty() ? nullptr : argv_.data(); }

 private:
  std::string text_;
  std::vector<char*> argv_;
};

// That of ours, where the plan has one: a copy, as the guest can read its own /proc/1/exe.
base::Result<base::UniqueFd> own_init(const std::string& path) {
  if (path.empty()) return base::UniqueFd();
  const base::UniqueFd program(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!program.valid()) return base::last_error("open", path);
  return sealed_copy(program.get(), "init");
}

}  // namespace

void write_report(int fd, const char* step, const base::SysError& error) {
  Report report{};
  report.errnum = error.errnum;
  copy(report.step, sizeof report.step, step);
  copy(report.syscall, sizeof report.syscall, error.syscall);
  copy(report.path, sizeof report.path, error.path);
  (void)!::write(fd, &report, sizeof report);
}

Writer monitor_job(std::string_view start_frame, const std::string& cgroup,
                   const std::string& filter, const std::string& reboot_mark,
                   const std::string& plan_file) {
  Writer job(Kind::START, 0);
  job.put(Tag::ITEM, start_frame).put(Tag::CGROUP, cgroup).put(Tag::TARGET, plan_file);
  return job.put(Tag::SECCOMP_FILTER, filter).put(Tag::PATH, reboot_mark);
}

void run_monitor(const cgroup::Hierarchies& hierarchies, const Message& job,
                 std::vector<base::UniqueFd> fds, base::UniqueFd keeper) {
  if (fds.size() < 2) _exit(1);
  const int report = fds[0].get();
  const int userns = fds[1].get();
  const int seccomp_fd = fds.size() > 2 ? fds[2].get() : -1;
  const std::string filter_file = job.fields.str(Tag::SECCOMP_FILTER);
  const auto message = Message::parse(job.fields.text(Tag::ITEM));
  auto parsed = message ? StartPlan::parse(message->fields)
                        : base::Result<StartPlan>(base::SysError{EINVAL, "plan", ""});
  if (!parsed.ok()) give_up(report, "plan", parsed.error());
  const StartPlan& plan = *parsed;
  const std::string plan_file = job.fields.str(Tag::TARGET);
  take_title(plan);
  rotate_log(plan.log_file);
  const abi::Lxc* lxc = abi::lxc();
  if (lxc == nullptr) give_up(report, "liblxc", {ELIBACC, "dlopen", "liblxc.so.1"});
  auto ours = own_init(plan.init);
  if (!ours.ok()) give_up(report, "init", ours.error());
  auto layers = mount_rootfs(plan.rootfs, userns);
  if (!layers.ok()) give_up(report, "rootfs", layers.error());
  OR_GIVE_UP("rootfs", done(Step::MONITOR_ROOTFS));
  std::string filter;
  if (seccomp_fd < 0 && !filter_file.empty()) {
    auto known = base::read_file(filter_file);
    if (!known.ok()) give_up(report, "seccomp", known.error());
    if (!asks_supervisor(*known)) filter = std::move(*known);
  }
  // From here on little of the keeper is open, and soon nothing: the monitor lives as long as the
  // container. Two mounts that are attached nowhere wait for init to run, as the kernel takes its
  // time to drop them.
  std::vector<int> wanted{report, seccomp_fd, keeper.get(), ours->get()};
  for (const cgroup::Hierarchy& hierarchy : hierarchies.all()) {
    wanted.push_back(hierarchy.dir.get());
  }
  for (const base::UniqueFd& layer : *layers) wanted.push_back(layer.get());
  close_all_but(wanted);
  restore_descriptor_limit();
  OR_GIVE_UP("descriptors", done(Step::MONITOR_CLOSED));

  abi::lxc_container* container = lxc->lxc_container_new(plan.id.c_str(), plan.lxc_path.c_str());
  if (container == nullptr || !container->is_defined(container)) {
    give_up(report, "config",
            {EINVAL, "lxc_container_new", plan.lxc_path + "/" + plan.id + "/config"});
  }
  if (!plan.config.empty()) {
    const std::string file = plan.config_directory() + "/config";
    container->clear_config(container);
    if (!container->load_config(container, file.c_str())) {
      give_up(report, "config", {EINVAL, "load_config", file});
    }
  }
  if (!container->set_config_item(container, "lxc.cgroup.dir.monitor",
                                  job.fields.str(Tag::CGROUP).c_str())) {
    give_up(report, "config", {EINVAL, "set_config_item", "lxc.cgroup.dir.monitor"});
  }
  if (!container->want_daemonize(container, false)) {
    give_up(report, "config", {EINVAL, "want_daemonize", plan.id});
  }
  OR_GIVE_UP("config", done(Step::MONITOR_CONFIG));
  std::vector<std::string> parents;
  std::vector<std::string> made{kOwnCgroup};
  const std::string cgroups = hear(keeper);
  if (cgroups == kLeftOver) {
    OR_GIVE_UP("cgroup", remove_left_over(hierarchies, plan.cgroup));
  } else {
    made.push_back(plan.cgroup.substr(plan.cgroup.rfind('/') + 1));
    if (cgroups != kNotMade) parents = parts(plan.cgroup.substr(0, plan.cgroup.rfind('/')));
    made.emplace_back(kPayloadCgroup);
  }
  // Or liblxc would do again what is done.
  if (cgroups == kMade && !container->clear_config_item(container, "lxc.cgroup")) {
    give_up(report, "config", {EINVAL, "clear_config_item", "lxc.cgroup"});
  }
  OR_GIVE_UP("cgroup", done(Step::MONITOR_CGROUPS));
  keeper.reset();
  for (const cgroup::Hierarchy& hierarchy : hierarchies.all()) ::close(hierarchy.dir.get());
  become_monitor({.parents = std::move(parents),
                  .made = std::move(made),
                  .seccomp_fd = seccomp_fd,
                  .filter = std::move(filter),
                  .init = std::move(*ours),
                  .close_later = std::move(*layers),
                  .reboot_mark = job.fields.str(Tag::PATH),
                  .owner = root_of(plan.rootfs.uid_map),
                  .cloned =
                      [&plan, report](pid_t init) {
                        auto given = delegate(plan, init);
                        if (given.ok()) given = done(Step::MONITOR_DELEGATED);
                        if (!given.ok()) {
                          ::kill(init, SIGKILL);
                          give_up(report, "delegation", given.error());
                        }
                        ::close(report);
                      },
                  .ended = [&plan, &plan_file] { take_back(plan, plan_file); }});
  InitArguments init(plan);
  const bool ran = container->start(container, 0, init.get());
  take_back(plan, plan_file);
  _exit(ran ? 0 : kFailedStatus);
}

}  // namespace keeper
