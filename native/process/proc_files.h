// What files of /proc say of a process, proc_pid(5). The kernel writes them; a guest chooses names.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace process {

// Of `stat`. Times are in clock ticks; `start_ticks` since the machine's boot.
struct Stat {
  std::string_view name;
  char state = '?';
  pid_t parent = 0;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  uint64_t start_ticks = 0;
  uint64_t vmsize = 0;     // bytes
  uint64_t rss_pages = 0;  // pages
};
std::optional<Stat> parse_stat(std::string_view text);

// Of `status`.
struct Ids {
  uint32_t ruid = 0;
  uint32_t euid = 0;
  uint32_t rgid = 0;
  uint32_t egid = 0;
  // Its number in the pid namespace below ours; 0 when it is in ours.
  pid_t inner_pid = 0;
};
std::optional<Ids> parse_status(std::string_view text);

// Of `cgroup`: where it is in the hierarchy of that controller, "" for the unified one. From the
// top of the hierarchy, without a slash before it; nothing when there is no such line.
std::optional<std::string_view> parse_cgroup(std::string_view text, std::string_view controller);

// Of `cmdline`: arguments, parted by blanks.
std::string command_of(std::string_view arguments);

}  // namespace process
