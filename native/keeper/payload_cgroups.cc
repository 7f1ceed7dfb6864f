#include "keeper/payload_cgroups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <string>

#include "base/file.h"

namespace keeper {
namespace {

constexpr std::string_view kPrefix = "lxc.cgroup.";
constexpr size_t kMaxConfig = 256 * 1024;

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Looked for at both ends of the list only, as each look walks a long path; were one left in the
// middle, liblxc fails on it, and that clears it away.
bool stands(const cgroup::Hierarchies& hierarchies, const std::string& cgroup) {
  const auto& all = hierarchies.all();
  return ::faccessat(all.front().dir.get(), cgroup.c_str(), F_OK, 0) == 0 ||
         ::faccessat(all.back().dir.get(), cgroup.c_str(), F_OK, 0) == 0;
}

// One line of the configuration, in the hierarchy of its controller.
bool apply(const cgroup::Hierarchies& hierarchies, const std::string& cgroup, std::string_view file,
           std::string_view value) {
  const std::string controller(file.substr(0, file.find('.')));
  const cgroup::Hierarchy* hierarchy = hierarchies.v1(controller.c_str());
  if (hierarchy == nullptr) return false;
  return base::write_at(hierarchy->dir.get(), cgroup + "/" + std::string(file), std::string(value))
      .ok();
}

// Every `lxc.cgroup.` line, in its order. What is wrong with one is liblxc's to say, which then
// gets them all.
bool apply_all(const cgroup::Hierarchies& hierarchies, const StartPlan& plan) {
  const auto config = base::read_file(plan.lxc_path + "/" + plan.id + "/config", kMaxConfig);
  if (!config.ok()) return false;
  for (size_t at = 0; at < config->size();) {
    const size_t end = std::min(config->find('\n', at), config->size());
    const std::string_view line = trim(std::string_view(*config).substr(at, end - at));
    at = end + 1;
    if (!line.starts_with(kPrefix)) continue;
    const size_t equals = line.find('=');
    if (equals == line.npos) return false;
    const std::string_view file = trim(line.substr(kPrefix.size(), equals - kPrefix.size()));
    const std::string_view value = trim(line.substr(equals + 1));
    if (file.starts_with("dir.") || file == "relative") continue;  // not a file of a controller
    if (!apply(hierarchies, plan.cgroup, file, value)) return false;
  }
  return true;
}

bool make(int hierarchy, const std::string& cgroup) {
  if (::mkdirat(hierarchy, cgroup.c_str(), 0755) == 0) return true;
  const std::string parent = cgroup.substr(0, cgroup.rfind('/'));
  return errno == ENOENT && ::mkdirat(hierarchy, parent.c_str(), 0755) == 0 &&
         ::mkdirat(hierarchy, cgroup.c_str(), 0755) == 0;
}

}  // namespace

std::string_view make_cgroups(const cgroup::Hierarchies& hierarchies, const StartPlan& plan) {
  if (stands(hierarchies, plan.cgroup)) return kLeftOver;
  // On v2 alone it is one directory, and not worth it.
  if (hierarchies.all().front().version == 2 && hierarchies.all().size() == 1) return kNotMade;
  for (const cgroup::Hierarchy& hierarchy : hierarchies.all()) {
    if (!make(hierarchy.dir.get(), plan.cgroup)) return kNotMade;
  }
  return apply_all(hierarchies, plan) ? kMade : kUnlimited;
}

void make_payload_cgroups(const cgroup::Hierarchies& hierarchies, const StartPlan& plan) {
  for (const cgroup::Hierarchy& hierarchy : hierarchies.all()) {
    ::mkdirat(hierarchy.dir.get(), (plan.cgroup + "/" + kPayloadCgroup).c_str(), 0755);
  }
}

}  // namespace keeper
