// Which cgroup hierarchies this machine has mounted, and a descriptor of each one's top.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace cgroup {

struct Hierarchy {
  int version = 0;  // 1 or 2
  std::vector<std::string>
      controllers;  // v1: of the mount ("name=systemd" too); v2: offered at the top
  std::string mountpoint;
  base::UniqueFd dir;

  [[nodiscard]] bool has(std::string_view controller) const;
};

// Every mounted hierarchy once. Nothing in here looks at the mount table again, so a value made
// from a list of plain directories serves a test as well.
class Hierarchies {
 public:
  // Reads /proc/self/mountinfo of the caller's mount namespace. No hierarchy at all is ENOENT.
  static base::Result<Hierarchies> mounted();
  // Opens the directories of `list`; its descriptors are ignored.
  static base::Result<Hierarchies> open(std::vector<Hierarchy> list);

  [[nodiscard]] const std::vector<Hierarchy>& all() const { return list_; }
  // The v1 hierarchy of a controller, or nullptr.
  [[nodiscard]] const Hierarchy* v1(std::string_view controller) const;
  // The unified hierarchy, or nullptr. On a hybrid machine it may have no controllers.
  [[nodiscard]] const Hierarchy* unified() const;
  // Where the files of a controller are: its v1 hierarchy, else the unified one if it offers the
  // controller there. "" means the unified hierarchy itself.
  [[nodiscard]] const Hierarchy* of(std::string_view controller) const;

 private:
  std::vector<Hierarchy> list_;
};

// Parses mountinfo's text: cgroup mounts, each hierarchy once, without opening anything.
std::vector<Hierarchy> parse_mountinfo(std::string_view text);

// Relative, and no empty, "." or ".." component: it cannot leave the hierarchy.
base::Status check_path(std::string_view path);

// A cgroup that was removed: ENOENT by its name, ENODEV through a file that was still open.
[[nodiscard]] inline bool gone(const base::SysError& error) {
  return error.errnum == ENOENT || error.errnum == ENODEV;
}

}  // namespace cgroup
