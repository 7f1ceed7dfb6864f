// The mount table is the only place that knows where v1 hierarchies are.
#include "cgroup/hierarchy.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/file.h"
#include "base/mountinfo.h"

namespace cgroup {
namespace {

using base::Result;
using base::split;
using base::SysError;

// What stands among the controllers in a v1 mount's super options. Of those with a value, as the
// release agent and the labels of SELinux have one, only `name=` is like a controller.
bool is_option(std::string_view word) {
  constexpr std::array<std::string_view, 10> kOptions = {
      "rw",  "ro",   "xattr",          "noprefix",     "clone_children",
      "all", "none", "cpuset_v2_mode", "favordynmods", "seclabel"};
  return std::find(kOptions.begin(), kOptions.end(), word) != kOptions.end() ||
         (word.find('=') != std::string_view::npos && !word.starts_with("name=")) ||
         word.substr(0, 12) == "nsdelegate" || word.substr(0, 7) == "memory_";
}

std::optional<Hierarchy> parse_line(std::string_view line) {
  auto mount = base::parse_mount_line(line);
  if (!mount) return std::nullopt;
  Hierarchy hierarchy;
  hierarchy.mountpoint = std::move(mount->path);
  if (mount->type == "cgroup2") {
    hierarchy.version = 2;
    return hierarchy;
  }
  if (mount->type != "cgroup") return std::nullopt;
  hierarchy.version = 1;
  // A label with commas is in quotes.
  bool quoted = false;
  for (const auto word : split(mount->options, ',')) {
    if (!quoted && !is_option(word)) hierarchy.controllers.emplace_back(word);
    if (std::count(word.begin(), word.end(), '"') % 2 == 1) quoted = !quoted;
  }
  return hierarchy;
}

}  // namespace

bool Hierarchy::has(std::string_view controller) const {
  return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

std::vector<Hierarchy> parse_mountinfo(std::string_view text) {
  std::vector<Hierarchy> list;
  for (const auto line : split(text, '\n')) {
    auto found = parse_line(line);
    if (!found) continue;
    // Container tools bind the same hierarchy elsewhere; the first mount is the machine's own.
    const bool known = std::any_of(list.begin(), list.end(), [&](const Hierarchy& other) {
      return other.version == found->version && other.controllers == found->controllers;
    });
    if (!known) list.push_back(std::move(*found));
  }
  return list;
}

Result<Hierarchies> Hierarchies::mounted() {
  auto text = base::read_file("/proc/self/mountinfo", 64 * 1024 * 1024);
  if (!text.ok()) return std::move(text.error());
  auto list = parse_mountinfo(*text);
  if (list.empty()) return SysError{ENOENT, "cgroup", "/sys/fs/cgroup"};
  for (auto& hierarchy : list) {
    if (hierarchy.version != 2) continue;
    auto offered = base::read_file(hierarchy.mountpoint + "/cgroup.controllers");
    if (!offered.ok()) return std::move(offered.error());
    for (const auto line : split(*offered, '\n')) {
      for (const auto word : split(line, ' ')) hierarchy.controllers.emplace_back(word);
    }
  }
  return open(std::move(list));
}

Result<Hierarchies> Hierarchies::open(std::vector<Hierarchy> list) {
  Hierarchies out;
  for (auto& hierarchy : list) {
    auto dir = base::open_at(AT_FDCWD, hierarchy.mountpoint, O_RDONLY | O_DIRECTORY);
    if (!dir.ok()) return std::move(dir.error());
    hierarchy.dir = std::move(*dir);
    out.list_.push_back(std::move(hierarchy));
  }
  return out;
}

const Hierarchy* Hierarchies::v1(std::string_view controller) const {
  for (const auto& hierarchy : list_) {
    if (hierarchy.version == 1 && hierarchy.has(controller)) return &hierarchy;
  }
  return nullptr;
}

const Hierarchy* Hierarchies::unified() const {
  for (const auto& hierarchy : list_) {
    if (hierarchy.version == 2) return &hierarchy;
  }
  return nullptr;
}

const Hierarchy* Hierarchies::of(std::string_view controller) const {
  const Hierarchy* v2 = unified();
  if (controller.empty()) return v2;
  if (const Hierarchy* legacy = v1(controller)) return legacy;
  return v2 != nullptr && v2->has(controller) ? v2 : nullptr;
}

base::Status check_path(std::string_view path) {
  const auto refuse = [&] { return SysError{EINVAL, "cgroup", std::string(path)}; };
  if (path.empty() || path.front() == '/' || path.back() == '/' || path.size() > 3000)
    return refuse();
  if (path.find('\0') != std::string_view::npos || path.find('\n') != std::string_view::npos ||
      path.find("//") != std::string_view::npos) {
    return refuse();
  }
  for (const auto part : split(path, '/')) {
    if (part == "." || part == ".." || part.size() > 255) return refuse();
  }
  return base::success();
}

}  // namespace cgroup
