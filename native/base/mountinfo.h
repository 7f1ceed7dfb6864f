// The mount table of a process, proc_pid_mountinfo(5), which the kernel writes and guests fill.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

struct MountLine {
  std::string path;
  std::string type;
  std::string source;
  std::string_view options;  // of the filesystem; into the line
};

// Nothing when it is none.
std::optional<MountLine> parse_mount_line(std::string_view line);

// Its parts, without empty ones.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace base
