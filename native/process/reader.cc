#include "process/reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/file.h"
#include "base/retry.h"
#include "cgroup/tree.h"
#include "process/proc_files.h"

namespace process {
namespace {

using base::Result;
using base::Status;
using base::success;

// A guest may make as many cgroups as it likes. Beyond these, looking at all processes is shorter.
constexpr int kMostCgroups = 4096;

pid_t number_in(std::string_view text) {
  pid_t pid = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc() && at == text.data() + text.size() ? pid : 0;
}

}  // namespace

Result<std::shared_ptr<const Plan>> Plan::make(Asked asked) {
  auto plan = std::make_shared<Plan>();
  plan->asked_ = std::move(asked);
  const Asked& given = plan->asked_;
  auto proc = base::open_at(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
  if (!proc.ok()) return std::move(proc.error());
  plan->proc_ = std::move(*proc);
  for (size_t i = 0; i < given.cgroups.size(); ++i) {
    TRY_STATUS(cgroup::check_path(given.cgroups[i]));
    plan->cgroups_.emplace(given.cgroups[i], static_cast<int>(i));
  }
  // Containers are in all hierarchies alike; their guests may move processes only within them.
  const cgroup::Hierarchy* where = given.in->unified();
  if (where == nullptr && !given.in->all().empty()) {
    where = &given.in->all().front();
    if (!where->controllers.empty()) plan->controller_ = where->controllers.front();
  }
  if (given.among == Among::kPids) {
    for (const pid_t pid : given.pids) {
      if (pid > 0) plan->pids_.push_back(pid);
    }
    return std::shared_ptr<const Plan>(std::move(plan));
  }
  if (given.among == Among::kCgroups) {
    plan->asked_.strangers = false;
    bool unlisted = false;
    if (where != nullptr) TRY_STATUS(plan->find_in_cgroups(*where, unlisted));
    if (!unlisted) return std::shared_ptr<const Plan>(std::move(plan));
    plan->pids_.clear();
  }
  TRY_STATUS(plan->find_all());
  return std::shared_ptr<const Plan>(std::move(plan));
}

Status Plan::find_in_cgroups(const cgroup::Hierarchy& hierarchy, bool& unlisted) {
  for (const std::string& path : asked_.cgroups) {
    auto pids = cgroup::procs_in(hierarchy, path, kMostCgroups);
    if (pids.ok()) {
      pids_.insert(pids_.end(), pids->begin(), pids->end());
      continue;
    }
    if (cgroup::gone(pids.error())) continue;
    // Too many to look at, or no list of pids: all processes are looked at instead.
    const int error = pids.error().errnum;
    unlisted = error == EOVERFLOW || error == EPROTO;
    return unlisted ? success() : Status(std::move(pids.error()));
  }
  // One that is moved meanwhile may be seen twice.
  std::sort(pids_.begin(), pids_.end());
  pids_.erase(std::unique(pids_.begin(), pids_.end()), pids_.end());
  return success();
}

Status Plan::find_all() {
  auto copy = base::open_at(proc_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!copy.ok()) return std::move(copy.error());
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy->get()), ::closedir);
  if (!stream) return base::last_error("fdopendir", "/proc");
  (void)copy->release();
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) return base::last_error("readdir", "/proc");
      return success();
    }
    if (const pid_t pid = number_in(entry->d_name); pid > 0) pids_.push_back(pid);
  }
}

int Plan::cgroup_at(std::string_view path) const {
  for (size_t end = 0; end < path.size() && !cgroups_.empty();) {
    end = std::min(path.find('/', end + 1), path.size());
    const auto found = cgroups_.find(path.substr(0, end));
    if (found != cgroups_.end()) return found->second;
  }
  return -1;
}

std::string Plan::name_of(int cgroup) const {
  return cgroup < 0 ? std::string() : asked_.cgroups[static_cast<size_t>(cgroup)];
}

std::string_view Files::text(const char* file, size_t limit, size_t most) {
  const base::UniqueFd fd(
      base::retry([&] { return ::openat(process_.get(), file, O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
  if (!fd.valid()) return {};
  size_t size = 0;
  const auto read_up_to = [&](size_t end) {
    const ssize_t got =
        base::retry([&] { return ::read(fd.get(), buffer_.data() + size, end - size); });
    if (got > 0) size += static_cast<size_t>(got);
  };
  read_up_to(limit);
  if (size == limit && limit < most) {
    buffer_.resize(std::max(buffer_.size(), most));
    read_up_to(most);
  }
  return {buffer_.data(), size};
}

std::optional<Process> Files::facts(pid_t pid) {
  process_.reset(base::retry([&] {
    return ::openat(plan_.proc(), std::to_string(pid).c_str(),
                    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }));
  if (!process_.valid()) return std::nullopt;
  Process process;
  process.pid = pid;
  // First, as its number may be another process's by now.
  const auto path = parse_cgroup(text("cgroup"), plan_.controller());
  process.cgroup = path ? plan_.cgroup_at(*path) : -1;
  if (!plan_.wants(process.cgroup)) return std::nullopt;
  const auto ids = parse_status(text("status", kBuffer, kWithGroups));
  if (!ids) return std::nullopt;
  process.ruid = ids->ruid;
  process.euid = ids->euid;
  process.rgid = ids->rgid;
  process.egid = ids->egid;
  process.inner_pid = ids->inner_pid;
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto stat = parse_stat(text("stat"));
  if (!stat) return std::nullopt;
  process.parent = stat->parent;
  process.state = stat->state;
  process.start_ticks = stat->start_ticks;
  process.cpu_ticks = stat->user_ticks + stat->system_ticks;
  process.vmsize = stat->vmsize;
  process.rss = stat->rss_pages * page;
  process.name = stat->name;
  return process;
}

std::string Files::command(size_t limit) {
  return command_of(text("cmdline", std::min(limit, kBuffer)));
}

}  // namespace process
