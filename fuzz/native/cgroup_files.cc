// Files of a cgroup, in directories that stand for hierarchies of either version.

#include <sys/stat.h>

#include "cgroup/freeze.h"
#include "cgroup/hierarchy.h"
#include "cgroup/stats.h"
#include "target.h"

namespace {

constexpr const char* kFiles[] = {
    "memory.current",
    "memory.peak",
    "memory.max",
    "memory.swap.current",
    "memory.events",
    "cpu.stat",
    "pids.current",
    "cgroup.freeze",
    "cgroup.events",
    "memory.usage_in_bytes",
    "memory.max_usage_in_bytes",
    "memory.limit_in_bytes",
    "memory.memsw.usage_in_bytes",
    "memory.oom_control",
    "cpuacct.usage",
    "cpuacct.usage_user",
    "cpuacct.usage_sys",
    "freezer.state",
    "io.stat",
    "blkio.throttle.io_service_bytes_recursive",
    "blkio.throttle.io_serviced_recursive",
};

cgroup::Hierarchies open_hierarchies(int version) {
  std::vector<cgroup::Hierarchy> list(1);
  list[0].version = version;
  list[0].mountpoint = fuzz::directory();
  list[0].controllers = {"memory", "pids", "cpu", "cpuacct", "freezer", "io", "blkio"};
  auto opened = cgroup::Hierarchies::open(std::move(list));
  CHECK(opened.ok());
  return std::move(*opened);
}

}  // namespace

// All files of one input: a number for which, then its content up to a zero byte.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const cgroup::Hierarchies v1 = open_hierarchies(1);
  static const cgroup::Hierarchies v2 = open_hierarchies(2);
  static cgroup::KeptFiles kept;
  const std::string below = fuzz::directory() + "/ct/";
  ::mkdir(below.c_str(), 0755);
  fuzz::Input input(data, size);
  std::vector<std::string> written;
  while (!input.empty() && written.size() < 32) {
    const std::string path = below + kFiles[input.byte() % std::size(kFiles)];
    fuzz::write_file(path, input.piece());
    written.push_back(path);
  }
  for (const auto* hierarchies : {&v1, &v2}) {
    const auto all =
        cgroup::stats(*hierarchies, {"ct", "missing"}, cgroup::Figures().set(), nullptr);
    CHECK(all.ok() && all->size() == 2);
    for (size_t figure = 0; figure < cgroup::kFigures; ++figure) {
      CHECK(!(*all)[1][figure]);
      const auto one = cgroup::stats(*hierarchies, {"ct"}, cgroup::Figures().set(figure), &kept);
      CHECK(one.ok() && (*one)[0][figure] == (*all)[0][figure]);
    }
    (void)cgroup::oom_kills(*hierarchies, "ct");
    (void)cgroup::frozen(*hierarchies, "ct");
  }
  for (const std::string& path : written) ::unlink(path.c_str());
  return 0;
}
