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
#include "keeper/descriptors.h"
#include "keeper/interpose.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"

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

// liblxc refuses to start where a cgroup of that name is: what a killed monitor left goes first.
// Looked for at both ends of the list only, as each look walks a long path; were one left in the
// middle, this start fails and clears it away.
base::Status remove_left_over(const MonitorInput& input) {
  for (const std::string* cgroup : {&input.plan.cgroup, &input.plan.monitor_cgroup}) {
    const auto& all = input.hierarchies.all();
    if (::faccessat(all.front().dir.get(), cgroup->c_str(), F_OK, 0) != 0 &&
        ::faccessat(all.back().dir.get(), cgroup->c_str(), F_OK, 0) != 0) {
      continue;
    }
    TRY_STATUS(cgroup::kill(input.hierarchies, *cgroup));
    TRY_STATUS(cgroup::remove(input.hierarchies, *cgroup));
  }
  return base::success();
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
  struct stat info {};
  if (path.empty() || ::lstat(path.c_str(), &info) != 0 || info.st_size <= kLimit) return;
  ::rename(path.c_str(), (path + ".1").c_str());
}

// What liblxc would do for a daemonized start, which this is not.
void become_daemon(const StartPlan& plan) {
  ::setsid();
  ::umask(022);
  (void)::chdir("/");
  for (const int number : {SIGPIPE, SIGHUP}) ::signal(number, SIG_DFL);  // what main() ignores
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // As liblxc names its own monitors, so that ps(1) shows what administrators know.
  set_title("[lxc monitor] " + plan.lxc_path + " " + plan.id);
  ::prctl(PR_SET_NAME, "lxc monitor");
}

// The arguments of init, each ended by a NUL, in a file beside the configuration: liblxc splits
// `lxc.init.cmd` at blanks and knows no quotes (5.0.2). Without the file that is what counts.
class InitArguments {
 public:
  explicit InitArguments(const StartPlan& plan) {
    constexpr size_t kLimit = 128 * 1024;
    auto text = base::read_file(plan.lxc_path + "/" + plan.id + "/init", kLimit);
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

}  // namespace

void write_report(int fd, const char* step, const base::SysError& error) {
  Report report{};
  report.errnum = error.errnum;
  copy(report.step, sizeof report.step, step);
  copy(report.syscall, sizeof report.syscall, error.syscall);
  copy(report.path, sizeof report.path, error.path);
  (void)!::write(fd, &report, sizeof report);
}

void run_monitor(const MonitorInput& input) {
  become_daemon(input.plan);
  rotate_log(input.plan.log_file);
  const abi::Lxc* lxc = abi::lxc();
  if (lxc == nullptr) give_up(input.report, "liblxc", {ELIBACC, "dlopen", "liblxc.so.1"});
  if (auto removed = remove_left_over(input); !removed.ok()) {
    give_up(input.report, "cgroup", removed.error());
  }
  if (auto mounted = mount_rootfs(input.plan.rootfs, input.userns); !mounted.ok()) {
    give_up(input.report, "rootfs", mounted.error());
  }
  std::string filter;
  if (input.seccomp_fd < 0 && !input.filter.empty()) {
    auto known = base::read_file(input.filter);
    if (!known.ok()) give_up(input.report, "seccomp", known.error());
    if (!asks_supervisor(*known)) filter = std::move(*known);
  }
  // From here on nothing of the keeper is open: the monitor lives as long as the container.
  close_all_but({input.report, input.seccomp_fd});
  restore_descriptor_limit();
  become_monitor(input.seccomp_fd, std::move(filter));

  abi::lxc_container* container =
      lxc->lxc_container_new(input.plan.id.c_str(), input.plan.lxc_path.c_str());
  if (container == nullptr || !container->is_defined(container)) {
    give_up(input.report, "config",
            {EINVAL, "lxc_container_new", input.plan.lxc_path + "/" + input.plan.id + "/config"});
  }
  if (!container->want_daemonize(container, false)) {
    give_up(input.report, "config", {EINVAL, "want_daemonize", input.plan.id});
  }
  ::close(input.report);
  InitArguments init(input.plan);
  _exit(container->start(container, 0, init.get()) ? 0 : kFailedStatus);
}

}  // namespace keeper
