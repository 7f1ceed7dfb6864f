// Reads one process after the other, from one look at which there are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "process/processes.h"

namespace process {

// What readers share, and none of them changes.
class Plan {
 public:
  static base::Result<std::shared_ptr<const Plan>> make(Asked asked);

  [[nodiscard]] const std::vector<pid_t>& pids() const { return pids_; }
  [[nodiscard]] bool commands() const { return asked_.commands; }
  // The number of the cgroup that this path is in or below, or -1.
  [[nodiscard]] int cgroup_at(std::string_view path) const;
  [[nodiscard]] const std::string& controller() const { return controller_; }
  [[nodiscard]] int proc() const { return proc_.get(); }
  // Whether one of that cgroup is among those asked for.
  [[nodiscard]] bool wants(int cgroup) const { return cgroup >= 0 || asked_.strangers; }
  // Empty for what is in none of them.
  [[nodiscard]] std::string name_of(int cgroup) const;

 private:
  base::Status find_in_cgroups(const cgroup::Hierarchy& hierarchy, bool& unlisted);
  base::Status find_all();

  Asked asked_;
  base::UniqueFd proc_;
  std::string controller_;
  std::vector<pid_t> pids_;
  std::unordered_map<std::string_view, int> cgroups_;
};

// The files of one process. Its descriptor stands for the process, not for its number.
class Files {
 public:
  explicit Files(const Plan& plan) : plan_(plan), buffer_(kBuffer, '\0') {}

  // Nothing when it has gone, or is none of those asked for. Does not wait for the process.
  std::optional<Process> facts(pid_t pid);
  // Of the last one. May wait for the process, as long as it likes.
  std::string command(size_t limit);

 private:
  // More than thirteen hierarchies with the longest paths.
  static constexpr size_t kBuffer = size_t{64} * 1024;
  // The lines after a process's groups, of which it may have 65,536, a number of ten digits each.
  static constexpr size_t kWithGroups = size_t{1024} * 1024;
  // One read: what is printed for one is printed at once. What fills `limit` is read on up to
  // `most`. Empty when it has gone.
  std::string_view text(const char* file, size_t limit = kBuffer, size_t most = 0);

  const Plan& plan_;
  base::UniqueFd process_;
  std::string buffer_;
};

}  // namespace process
