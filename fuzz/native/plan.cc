// A plan: its names and paths lead nowhere else, its maps are what the kernel takes.

#include "keeper/plan.h"

#include "frames.h"
#include "target.h"

using keeper::Message;
using keeper::StartPlan;
using keeper::Tag;

namespace {

void check_path(const std::string& path, bool absolute) {
  CHECK(!path.empty() && path.size() < 4096 && (path[0] == '/') == absolute);
  CHECK(path.find('\0') == std::string::npos);
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    CHECK(part != "." && part != "..");
    at = end + 1;
  }
}

void check_map(const ns::IdMap& map) {
  CHECK(!map.empty() && map.size() <= 340);
  CHECK(keeper::root_of(map) != 0);
  for (const ns::IdMapEntry& entry : map) {
    CHECK(entry.count > 0 && entry.host_id > 0);
    CHECK(uint64_t{entry.host_id} + entry.count <= UINT32_MAX);
    CHECK(uint64_t{entry.ns_id} + entry.count <= UINT32_MAX);
  }
}

}  // namespace

FUZZ_FRAMES

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto message = Message::parse({reinterpret_cast<const char*>(data), size});
  if (!message) return 0;
  const auto plan = StartPlan::parse(message->fields);
  if (!plan.ok()) {
    CHECK(plan.error().errnum == EINVAL);
    return 0;
  }
  for (const std::string* name : {&plan->pool, &plan->id}) {
    CHECK(!name->empty() && name->find('/') == std::string::npos && *name != "." && *name != "..");
  }
  check_path(plan->lxc_path, true);
  check_path(plan->cgroup, false);
  check_path(plan->rootfs.target, true);
  using Mode = keeper::RootfsPlan::Mode;
  // A dataset is named as a path is that does not begin at the root.
  check_path(plan->rootfs.upper, plan->rootfs.mode != Mode::kDataset);
  if (plan->rootfs.mode == Mode::kOverlay) check_path(plan->rootfs.lower, true);
  for (const std::string* path : {&plan->seccomp_profile, &plan->notify_socket, &plan->log_file}) {
    if (!path->empty()) check_path(*path, true);
  }
  check_map(plan->rootfs.uid_map);
  check_map(plan->rootfs.gid_map);
  return 0;
}
