// v1: freezer.state, polled. v2: cgroup.freeze, and cgroup.events tells when it holds.
#include "cgroup/freeze.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/file.h"
#include "base/retry.h"
#include "cgroup/clock.h"
#include "cgroup/walk.h"

namespace cgroup {
namespace {

using base::Result;
using base::Status;
using base::success;
using base::SysError;

struct Freezer {
  const Hierarchy* hierarchy;
  bool v1;
};

// The v1 freezer wherever it has the path, else the unified hierarchy.
Result<Freezer> freezer_of(const Hierarchies& in, const std::string& path) {
  if (const Hierarchy* legacy = in.v1("freezer")) {
    auto state = base::read_at(legacy->dir.get(), path + "/freezer.state");
    if (state.ok()) return Freezer{legacy, true};
    if (!gone(state.error())) return std::move(state.error());
  }
  if (const Hierarchy* unified = in.unified()) {
    auto state = base::read_at(unified->dir.get(), path + "/cgroup.freeze");
    if (state.ok()) return Freezer{unified, false};
    if (!gone(state.error())) return std::move(state.error());
  }
  return SysError{ENOENT, "freeze", path};
}

// The file that tells how far it is.
std::string state_file(const Freezer& freezer, const std::string& path) {
  return path + (freezer.v1 ? "/freezer.state" : "/cgroup.events");
}

// From the start again, and by the descriptor that is polled: until that one has read what is new,
// the kernel says at once that there is something.
Result<bool> holds(const Freezer& freezer, const base::UniqueFd& state) {
  char buffer[1024];
  const ssize_t got = base::retry([&] { return ::pread(state.get(), buffer, sizeof buffer, 0); });
  if (got < 0) return base::last_error("read", freezer.v1 ? "freezer.state" : "cgroup.events");
  const std::string_view text(buffer, static_cast<size_t>(got));
  return freezer.v1 ? text.starts_with("FROZEN") : text.find("frozen 1") != std::string_view::npos;
}

// False when somebody has thawed it since.
bool is_wanted(const Freezer& freezer, const std::string& path) {
  const char* file = freezer.v1 ? "/freezer.self_freezing" : "/cgroup.freeze";
  const auto state = base::read_at(freezer.hierarchy->dir.get(), path + file);
  return !state.ok() || !state->starts_with('0');
}

// That one, and what is frozen because it is.
Status thaw_one(int parent, const std::string& name, bool v1) {
  return base::write_at(parent, name + (v1 ? "/freezer.state" : "/cgroup.freeze"),
                        v1 ? "THAWED" : "0");
}

Status thaw_in(const Hierarchy& hierarchy, const std::string& path, bool below, int64_t until) {
  const bool v1 = hierarchy.version == 1;
  const int top = hierarchy.dir.get();
  // First of all: there may be no time for all that is below.
  TRY_STATUS(thaw_one(top, path, v1));
  if (!below) return success();
  const auto visit = [v1](int parent, const std::string& name) -> Status {
    auto status = thaw_one(parent, name, v1);
    return status.ok() || gone(status.error()) ? success() : std::move(status);
  };
  return walk(top, path, visit, until);
}

}  // namespace

Status freeze(const Hierarchies& in, const std::string& path, int timeout_ms) {
  TRY_STATUS(check_path(path));
  auto freezer = freezer_of(in, path);
  if (!freezer.ok()) return std::move(freezer.error());
  const int dir = freezer->hierarchy->dir.get();
  const std::string file = path + (freezer->v1 ? "/freezer.state" : "/cgroup.freeze");
  const std::string value = freezer->v1 ? "FROZEN" : "1";

  auto state = base::open_at(dir, state_file(*freezer, path), O_RDONLY);
  if (!state.ok()) return std::move(state.error());
  TRY_STATUS(base::write_at(dir, file, value));
  const int64_t deadline = now_ms() + timeout_ms;
  for (int pause = 1;; pause = std::min(pause * 2, 20)) {
    auto done = holds(*freezer, *state);
    if (!done.ok()) return std::move(done.error());
    if (*done) return success();
    if (!is_wanted(*freezer, path)) return SysError{ECANCELED, "freeze", path};
    if (now_ms() >= deadline) break;
    // v2 wakes us by POLLPRI; v1 has no event, and reading its state makes the kernel look again.
    pollfd wait{.fd = freezer->v1 ? -1 : state->get(), .events = POLLPRI, .revents = 0};
    (void)::poll(&wait, 1, pause);
  }
  // What was frozen below before is another's.
  TRY_STATUS(thaw_in(*freezer->hierarchy, path, false, kNever));
  return SysError{ETIMEDOUT, "freeze", freezer->hierarchy->mountpoint + "/" + path};
}

Status thaw(const Hierarchies& in, const std::string& path, bool below, int64_t until) {
  TRY_STATUS(check_path(path));
  bool found = false;
  for (const Hierarchy* hierarchy : {in.v1("freezer"), in.unified()}) {
    if (hierarchy == nullptr) continue;
    auto status = thaw_in(*hierarchy, path, below, until);
    if (status.ok())
      found = true;
    else if (!gone(status.error()))
      return status;
  }
  if (!found) return SysError{ENOENT, "thaw", path};
  return success();
}

Result<bool> frozen(const Hierarchies& in, const std::string& path) {
  TRY_STATUS(check_path(path));
  auto freezer = freezer_of(in, path);
  if (!freezer.ok()) return std::move(freezer.error());
  auto state = base::open_at(freezer->hierarchy->dir.get(), state_file(*freezer, path), O_RDONLY);
  if (!state.ok()) return std::move(state.error());
  return holds(*freezer, *state);
}

}  // namespace cgroup
