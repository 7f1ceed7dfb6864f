// Three system calls a figure and nothing else: no memory.stat, which makes the kernel sum up over
// all CPUs and all cgroups below, and no allocation but the path.
#include "cgroup/stats.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/walk.h"

namespace cgroup {
namespace {

using base::Result;
using base::success;
using base::SysError;

// Every file read here fits: cpu.stat is the longest.
constexpr size_t kBuffer = 2048;

std::string_view read_small(const Hierarchy& hierarchy, const std::string& name, char* buffer) {
  const base::UniqueFd fd(::openat(hierarchy.dir.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return {};
  const ssize_t got = ::read(fd.get(), buffer, kBuffer);
  return {buffer, got > 0 ? static_cast<size_t>(got) : 0};
}

std::optional<uint64_t> parse(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;  // "max" too
  return number;
}

// One cgroup's files in one hierarchy.
class Files {
 public:
  Files(const Hierarchy& hierarchy, const std::string& path) : hierarchy_(hierarchy) {
    name_.reserve(path.size() + 32);
    name_ = path;
    name_ += '/';
    length_ = name_.size();
  }
  std::string_view text(const char* file) {
    name_.resize(length_);
    name_ += file;
    return read_small(hierarchy_, name_, buffer_);
  }
  std::optional<uint64_t> number(const char* file) { return parse(text(file)); }

 private:
  const Hierarchy& hierarchy_;
  std::string name_;
  size_t length_ = 0;
  char buffer_[kBuffer];
};

void read_memory(const Hierarchy& hierarchy, const std::string& path, Stats& stats) {
  Files files(hierarchy, path);
  if (hierarchy.version == 2) {
    stats.memory = files.number("memory.current");
    if (!stats.memory) return;
    stats.memory_peak = files.number("memory.peak");
    stats.memory_limit = files.number("memory.max");
    stats.swap = files.number("memory.swap.current");
    return;
  }
  stats.memory = files.number("memory.usage_in_bytes");
  if (!stats.memory) return;
  stats.memory_peak = files.number("memory.max_usage_in_bytes");
  stats.memory_limit = files.number("memory.limit_in_bytes");
  // v1 says "no limit" with the largest number of pages that it can count.
  if (stats.memory_limit && *stats.memory_limit >= uint64_t{1} << 62) stats.memory_limit.reset();
  const auto both = files.number("memory.memsw.usage_in_bytes");
  if (both) stats.swap = *both > *stats.memory ? *both - *stats.memory : 0;
}

std::optional<uint64_t> to_us(std::optional<uint64_t> ns) {
  if (ns) *ns /= 1000;
  return ns;
}

void read_cpu(const Hierarchies& in, const std::string& path, Stats& stats) {
  if (const Hierarchy* legacy = in.v1("cpuacct")) {
    Files files(*legacy, path);
    stats.cpu_us = to_us(files.number("cpuacct.usage"));
    if (!stats.cpu_us) return;
    stats.cpu_user_us = to_us(files.number("cpuacct.usage_user"));
    stats.cpu_system_us = to_us(files.number("cpuacct.usage_sys"));
    return;
  }
  // On v2 this file is there without the cpu controller too.
  const Hierarchy* unified = in.unified();
  if (unified == nullptr) return;
  Files files(*unified, path);
  const std::string_view text = files.text("cpu.stat");
  stats.cpu_us = field(text, "usage_usec");
  stats.cpu_user_us = field(text, "user_usec");
  stats.cpu_system_us = field(text, "system_usec");
}

}  // namespace

std::optional<uint64_t> field(std::string_view text, std::string_view key) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.size() > key.size() && line.substr(0, key.size()) == key && line[key.size()] == ' ') {
      return parse(line.substr(key.size() + 1));
    }
    at = end + 1;
  }
  return std::nullopt;
}

Result<std::vector<Stats>> stats(const Hierarchies& in, const std::vector<std::string>& paths) {
  const Hierarchy* memory = in.of("memory");
  const Hierarchy* pids = in.of("pids");
  std::vector<Stats> list;
  list.reserve(paths.size());
  for (const auto& path : paths) {
    TRY_STATUS(check_path(path));
    Stats& one = list.emplace_back();
    if (memory != nullptr) read_memory(*memory, path, one);
    read_cpu(in, path, one);
    if (pids != nullptr) one.pids = Files(*pids, path).number("pids.current");
  }
  return list;
}

Result<uint64_t> oom_kills(const Hierarchies& in, const std::string& path) {
  TRY_STATUS(check_path(path));
  const Hierarchy* memory = in.of("memory");
  if (memory == nullptr) return SysError{ENODEV, "cgroup", "memory"};
  if (memory->version == 2) {
    auto text = base::read_at(memory->dir.get(), path + "/memory.events");
    if (!text.ok()) return std::move(text.error());
    return field(*text, "oom_kill").value_or(0);
  }
  // v1 counts where the killed process was, and nowhere above.
  uint64_t kills = 0;
  auto status = walk(memory->dir.get(), path, [&](int parent, const std::string& name) {
    auto text = base::read_at(parent, name + "/memory.oom_control");
    if (text.ok()) kills += field(*text, "oom_kill").value_or(0);
    return success();
  });
  if (!status.ok()) return std::move(status.error());
  return kills;
}

}  // namespace cgroup
