// cgroups are directories; what is special about them is written down in tree.h.
#include "cgroup/tree.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/file.h"
#include "base/mountinfo.h"
#include "cgroup/clock.h"
#include "cgroup/freeze.h"
#include "cgroup/walk.h"
#include "ns/pidfd.h"

namespace cgroup {
namespace {

using base::Result;
using base::Status;
using base::success;
using base::SysError;

constexpr std::array<std::string_view, 5> kHandedDown = {"cpu", "cpuset", "io", "memory", "pids"};

bool has_word(std::string_view text, std::string_view word) {
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = std::min(text.find_first_of(" \n", start), text.size());
    if (text.substr(start, end - start) == word) return true;
    start = end + 1;
  }
  return false;
}

// The caller's `path` with the mountpoint before it, so that an error names a file one can look at.
std::string full(const Hierarchy& hierarchy, const std::string& path) {
  return hierarchy.mountpoint + "/" + path;
}

Status hand_down(const Hierarchy& hierarchy, const std::string& dir) {
  auto offered = base::read_at(hierarchy.dir.get(), dir + "/cgroup.controllers");
  if (!offered.ok()) return std::move(offered.error());
  const std::string file = dir + "/cgroup.subtree_control";
  auto enabled = base::read_at(hierarchy.dir.get(), file);
  if (!enabled.ok()) return std::move(enabled.error());
  std::string wanted;
  for (const auto controller : kHandedDown) {
    if (has_word(*offered, controller) && !has_word(*enabled, controller)) {
      wanted += (wanted.empty() ? "+" : " +") + std::string(controller);
    }
  }
  if (wanted.empty()) return success();
  auto status = base::write_at(hierarchy.dir.get(), file, wanted);
  if (!status.ok()) status.error().path = full(hierarchy, file);
  return status;
}

Status inherit_cpuset(const Hierarchy& hierarchy, const std::string& parent,
                      const std::string& dir) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    auto own = base::read_at(hierarchy.dir.get(), dir + file);
    if (!own.ok()) return std::move(own.error());
    if (own->find_first_not_of(" \n") != std::string::npos) continue;
    auto above = base::read_at(hierarchy.dir.get(), parent + file);
    if (!above.ok()) return std::move(above.error());
    TRY_STATUS(base::write_at(hierarchy.dir.get(), dir + file, *above));
  }
  // What liblxc makes below gets the values from the kernel: it sees to its topmost directory only.
  auto clone = base::write_at(hierarchy.dir.get(), dir + "/cgroup.clone_children", "1");
  if (!clone.ok() && clone.error().errnum != ENOENT) return std::move(clone.error());
  return success();
}

Status create_in(const Hierarchy& hierarchy, const std::string& path, bool enable_controllers) {
  const bool cpuset = hierarchy.version == 1 && hierarchy.has("cpuset");
  const bool delegate = hierarchy.version == 2 && enable_controllers;
  std::string parent = ".";
  for (size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    const std::string dir = path.substr(0, end);
    if (delegate) TRY_STATUS(hand_down(hierarchy, parent));
    if (::mkdirat(hierarchy.dir.get(), dir.c_str(), 0755) < 0 && errno != EEXIST) {
      return base::last_error("mkdirat", full(hierarchy, dir));
    }
    if (cpuset) TRY_STATUS(inherit_cpuset(hierarchy, parent, dir));
    parent = dir;
  }
  return success();
}

Status remove_in(const Hierarchy& hierarchy, const std::string& path, int64_t until) {
  const auto visit = [](int parent, const std::string& name) -> Status {
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return success();
    return base::last_error("rmdir", name);
  };
  auto status = walk(hierarchy.dir.get(), path, visit, until);
  if (status.ok() || gone(status.error())) return success();
  // The name alone would not tell which hierarchy, and below what.
  if (status.error().path == path)
    status.error().path = full(hierarchy, path);
  else
    status.error().path = full(hierarchy, path) + "/…/" + status.error().path;
  return status;
}

Status parse_pids(std::string_view text, std::vector<pid_t>& into) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error != std::errc()) return SysError{EPROTO, "cgroup.procs", {}};
    // 0 is a process that our pid namespace does not show.
    if (pid > 0) into.push_back(pid);
    at = next + 1;
  }
  return success();
}

}  // namespace

Result<std::vector<pid_t>> procs_in(const Hierarchy& hierarchy, const std::string& path,
                                    int most_cgroups, int64_t until) {
  std::vector<pid_t> pids;
  int seen = 0;
  const auto visit = [&](int parent, const std::string& name) -> Status {
    if (++seen > most_cgroups) return SysError{EOVERFLOW, "cgroup.procs", path};
    auto text = base::read_at(parent, name + "/cgroup.procs");
    // EOPNOTSUPP: a threaded v2 cgroup; its processes are listed at the threaded domain above it.
    if (!text.ok() && (gone(text.error()) || text.error().errnum == EOPNOTSUPP)) return success();
    if (!text.ok()) return std::move(text.error());
    return parse_pids(*text, pids);
  };
  auto status = walk(hierarchy.dir.get(), path, visit, until);
  if (!status.ok()) return std::move(status.error());
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

namespace {

// Whether it is in the path or below, in any hierarchy, as /proc says of that number now.
bool is_in(pid_t pid, const std::string& path) {
  const auto text = base::read_file("/proc/" + std::to_string(pid) + "/cgroup");
  if (!text.ok()) return false;
  for (const auto line : base::split(*text, '\n')) {
    // Number, controllers and path: only the last one may hold a slash.
    const size_t slash = line.find('/');
    if (slash == std::string_view::npos) continue;
    const std::string_view where = line.substr(slash + 1);
    if (where == path || where.starts_with(path + "/")) return true;
  }
  return false;
}

// The number may be another process's by now. What is opened is what is killed, and it is looked at
// after that: what has its number then is itself, or it has ended.
Status kill_one(pid_t pid, const std::string& path) {
  const auto process = ns::pidfd_open(pid);
  if (!process.ok()) return process.error().errnum == ESRCH ? success() : Status(process.error());
  if (!is_in(pid, path)) return success();
  auto status = ns::pidfd_send_signal(process->get(), SIGKILL);
  return status.ok() || status.error().errnum == ESRCH ? success() : std::move(status);
}

// Before 5.14, or without a v2 hierarchy: nothing stops a fork between our list and our signal, so
// freeze first where the machine can, and go round until a round finds nothing.
Status kill_one_by_one(const Hierarchies& in, const std::string& path, int64_t until) {
  constexpr int kRounds = 100;
  constexpr int64_t kPatience = 200;
  for (int round = 0; round < kRounds; ++round) {
    // What does not freeze must leave time to be killed.
    if (round == 0) {
      (void)freeze(in, path, static_cast<int>(std::min(kPatience, (until - now_ms()) / 2)));
    }
    auto pids = procs(in, path, until);
    if (!pids.ok()) return gone(pids.error()) ? success() : Status(std::move(pids.error()));
    if (pids->empty()) return success();
    for (const pid_t pid : *pids) TRY_STATUS(kill_one(pid, path));
    auto thawed = thaw(in, path, true, until);
    if (!thawed.ok() && !gone(thawed.error())) return thawed;
    sleep_ms(std::min(1 + round, 20));
  }
  return SysError{EBUSY, "kill", path};
}

}  // namespace

Status create(const Hierarchies& in, const std::string& path, bool enable_controllers) {
  TRY_STATUS(check_path(path));
  for (const auto& hierarchy : in.all()) {
    TRY_STATUS(create_in(hierarchy, path, enable_controllers));
  }
  return success();
}

Status remove(const Hierarchies& in, const std::string& path, int timeout_ms, int walk_ms) {
  TRY_STATUS(check_path(path));
  const int64_t deadline = now_ms() + timeout_ms;
  // Once over all hierarchies before the first pause: what the first one waits for, the others do
  // too.
  for (int64_t pause = 1;; pause = std::min<int64_t>(pause * 2, 50)) {
    Status first = success();
    for (const auto& hierarchy : in.all()) {
      auto status = remove_in(hierarchy, path, now_ms() + walk_ms);
      if (status.ok()) continue;
      const int errnum = status.error().errnum;
      if (errnum != EBUSY && errnum != ENOTEMPTY) return status;
      if (first.ok()) first = std::move(status);
    }
    if (first.ok() || now_ms() + pause > deadline) return first;
    sleep_ms(pause);
  }
}

Status join(const Hierarchies& in, const std::string& path, pid_t pid) {
  TRY_STATUS(check_path(path));
  for (const auto& hierarchy : in.all()) {
    auto status = base::write_at(hierarchy.dir.get(), path + "/cgroup.procs", std::to_string(pid));
    if (!status.ok()) {
      status.error().path = full(hierarchy, path);
      return status;
    }
  }
  return success();
}

Result<std::vector<pid_t>> procs(const Hierarchies& in, const std::string& path, int64_t until) {
  TRY_STATUS(check_path(path));
  std::vector<pid_t> most;
  bool found = false;
  for (const auto& hierarchy : in.all()) {
    auto pids = procs_in(hierarchy, path, INT_MAX, until);
    if (!pids.ok()) {
      if (gone(pids.error())) continue;
      return std::move(pids.error());
    }
    found = true;
    if (pids->size() > most.size()) most = std::move(*pids);
  }
  if (!found) return SysError{ENOENT, "cgroup.procs", path};
  return most;
}

Result<std::vector<std::string>> exists(const Hierarchies& in, const std::string& path) {
  TRY_STATUS(check_path(path));
  std::vector<std::string> where;
  for (const auto& hierarchy : in.all()) {
    struct stat info{};
    if (::fstatat(hierarchy.dir.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT || errno == ENOTDIR) continue;
      return base::last_error("fstatat", full(hierarchy, path));
    }
    if (S_ISDIR(info.st_mode)) where.push_back(hierarchy.mountpoint);
  }
  return where;
}

Status kill(const Hierarchies& in, const std::string& path, int timeout_ms) {
  TRY_STATUS(check_path(path));
  const int64_t until = now_ms() + timeout_ms;
  const Hierarchy* unified = in.unified();
  if (unified != nullptr) {
    auto status = base::write_at(unified->dir.get(), path + "/cgroup.kill", "1");
    if (status.ok()) {
      // A v1 freezer holds the dying; v2's lets them go.
      if (in.v1("freezer") == nullptr) return success();
      auto thawed = thaw(in, path, true, until);
      return thawed.ok() || gone(thawed.error()) ? success() : thawed;
    }
    if (!gone(status.error())) return status;
  }
  auto status = kill_one_by_one(in, path, until);
  // Frozen, what it has killed could not end, and the rest would stand still for ever.
  if (!status.ok()) (void)thaw(in, path, false);
  return status;
}

Status write(const Hierarchies& in, const std::string& path, const std::string& controller,
             const std::string& file, const std::string& value) {
  TRY_STATUS(check_path(path));
  TRY_STATUS(check_path(file));
  const Hierarchy* hierarchy = in.of(controller);
  if (hierarchy == nullptr) return SysError{ENODEV, "cgroup", controller};
  const std::string name = path + "/" + file;
  auto status = base::write_at(hierarchy->dir.get(), name, value);
  if (!status.ok()) status.error().path = full(*hierarchy, name);
  return status;
}

Result<std::string> read(const Hierarchies& in, const std::string& path,
                         const std::string& controller, const std::string& file) {
  TRY_STATUS(check_path(path));
  TRY_STATUS(check_path(file));
  const Hierarchy* hierarchy = in.of(controller);
  if (hierarchy == nullptr) return SysError{ENODEV, "cgroup", controller};
  const std::string name = path + "/" + file;
  auto text = base::read_at(hierarchy->dir.get(), name);
  if (!text.ok()) text.error().path = full(*hierarchy, name);
  return text;
}

}  // namespace cgroup
