// cgroupfs has no links and never moves a directory to another parent, so ".." leads back safely.
#include "cgroup/walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/hierarchy.h"

namespace cgroup {
namespace {

using base::Result;
using base::UniqueFd;

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

struct Level {
  std::string name;
  std::vector<std::string> children;
};

Result<std::vector<std::string>> list_children(int dir, const std::string& name) {
  // fdopendir takes the descriptor; ours has to survive it.
  auto copy = base::open_at(dir, ".", kDirectory);
  if (!copy.ok()) return std::move(copy.error());
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy->get()), ::closedir);
  if (!stream) return base::last_error("fdopendir", name);
  (void)copy->release();
  std::vector<std::string> children;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      // A cgroup removed while it is read ends the list; whoever acts on it next sees ENOENT.
      if (errno != 0 && errno != ENOENT && errno != ENODEV)
        return base::last_error("readdir", name);
      return children;
    }
    const std::string child = entry->d_name;
    if (entry->d_type == DT_DIR && child != "." && child != "..") children.push_back(child);
  }
}

}  // namespace

base::Status walk(int top, const std::string& path, const Visit& visit, int64_t until) {
  auto opened = base::open_at(top, path, kDirectory);
  if (!opened.ok()) return std::move(opened.error());
  UniqueFd current = std::move(*opened);
  std::vector<Level> stack;
  const auto enter = [&](std::string name) -> base::Status {
    if (now_ms() >= until) return base::SysError{ETIMEDOUT, "readdir", name};
    auto children = list_children(current.get(), name);
    if (!children.ok()) {
      if (!gone(children.error())) return std::move(children.error());
      children = std::vector<std::string>{};
    }
    stack.push_back({std::move(name), std::move(*children)});
    return base::success();
  };

  TRY_STATUS(enter(path));
  for (;;) {
    Level& level = stack.back();
    if (!level.children.empty()) {
      std::string child = std::move(level.children.back());
      level.children.pop_back();
      auto below = base::open_at(current.get(), child, kDirectory);
      if (!below.ok()) {
        if (gone(below.error())) continue;
        return std::move(below.error());
      }
      current = std::move(*below);
      TRY_STATUS(enter(std::move(child)));
      continue;
    }
    const std::string name = std::move(level.name);
    stack.pop_back();
    if (stack.empty()) {
      current.reset();
      return visit(top, name);
    }
    auto parent = base::open_at(current.get(), "..", kDirectory);
    if (!parent.ok()) return std::move(parent.error());
    current = std::move(*parent);
    TRY_STATUS(visit(current.get(), name));
  }
}

}  // namespace cgroup
