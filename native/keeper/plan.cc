#include "keeper/plan.h"

#include <charconv>
#include <optional>

namespace keeper {
namespace {

base::SysError invalid(std::string_view field) {
  return base::SysError{EINVAL, "plan", std::string(field)};
}

bool plain_name(std::string_view name) {
  if (name.empty() || name.size() > 128 || name == "." || name == "..") return false;
  return name.find('/') == name.npos && name.find('\0') == name.npos;
}

// Absolute, and without a component that leads elsewhere than it reads.
bool clean_path(std::string_view path, bool absolute) {
  if (path.empty() || path.size() >= 4096 || path.find('\0') != path.npos) return false;
  if ((path.front() == '/') != absolute) return false;
  const std::string padded = std::string("/").append(path).append("/");
  return padded.find("/../") == padded.npos && padded.find("/./") == padded.npos;
}

// A filesystem of ZFS, zfs(8): no snapshot, and nothing that reads like a path of the host.
bool dataset_name(std::string_view name) {
  constexpr size_t kRoom = 256;  // ZFS_MAX_DATASET_NAME_LEN
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.: /";
  return clean_path(name, false) && name.size() < kRoom &&
         name.find_first_not_of(kAllowed) == name.npos;
}

std::optional<TreePlan::Mode> parse_mode(std::string_view mode) {
  if (mode == "bind") return TreePlan::Mode::kBind;
  if (mode == "overlay") return TreePlan::Mode::kOverlay;
  if (mode == "dataset") return TreePlan::Mode::kDataset;
  if (mode == "device") return TreePlan::Mode::kDevice;
  return {};
}

// `usual` is the mode where none is given.
bool parse_tree(const Fields& fields, std::string_view usual, TreePlan& tree) {
  const auto mode = parse_mode(fields.has(Tag::MODE) ? fields.text(Tag::MODE) : usual);
  if (!mode) return false;
  tree.mode = *mode;
  tree.lower = fields.str(Tag::LOWER);
  tree.upper = fields.str(Tag::UPPER);
  if (tree.mode == TreePlan::Mode::kOverlay && !clean_path(tree.lower, true)) return false;
  return tree.mode == TreePlan::Mode::kDataset ? dataset_name(tree.upper)
                                               : clean_path(tree.upper, true);
}

// The number before the next `end`, which goes with it.
std::optional<uint64_t> take_number(std::string_view& text, char end) {
  uint64_t value = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || after == text.data() + text.size() || *after != end) return {};
  text.remove_prefix(static_cast<size_t>(after - text.data()) + 1);
  return value;
}

// Lines as /proc/PID/uid_map takes them: "0 1000000 65536".
std::optional<ns::IdMap> parse_map(std::string_view text) {
  constexpr size_t kMaxLines = 340;  // the kernel's limit, user_namespaces(7)
  constexpr uint64_t kEnd = UINT32_MAX;
  ns::IdMap map;
  while (!text.empty()) {
    const auto inside = take_number(text, ' ');
    const auto outside = take_number(text, ' ');
    const auto count = take_number(text, '\n');
    if (!inside || !outside || !count || *count == 0 || *outside == 0) return {};
    // Each for itself first: a sum may wrap.
    if (*inside > kEnd || *outside > kEnd || *count > kEnd) return {};
    if (*inside + *count > kEnd || *outside + *count > kEnd) return {};
    map.push_back({static_cast<uint32_t>(*inside), static_cast<uint32_t>(*outside),
                   static_cast<uint32_t>(*count)});
    if (map.size() > kMaxLines) return {};
  }
  if (root_of(map) == 0) return {};
  return map;
}

}  // namespace

uint32_t root_of(const ns::IdMap& map) {
  for (const ns::IdMapEntry& entry : map) {
    if (entry.ns_id == 0) return entry.host_id;
  }
  return 0;
}

base::Result<SubMount> SubMount::parse(std::string_view item) {
  const auto fields = Fields::parse(item);
  if (!fields) return invalid("mount");
  SubMount mount;
  if (!parse_tree(*fields, "dataset", mount)) return invalid("mount.tree");
  mount.at = fields->str(Tag::PATH);
  mount.readonly = fields->number(Tag::FLAGS) != 0;
  if (mount.at == "/" || !clean_path(mount.at, true)) return invalid("mount.at");
  return mount;
}

base::Result<RootfsPlan> RootfsPlan::parse(std::string_view item) {
  const auto fields = Fields::parse(item);
  if (!fields) return invalid("rootfs");
  RootfsPlan plan;
  if (!parse_tree(*fields, "", plan) || plan.mode == TreePlan::Mode::kDevice) {
    return invalid("rootfs.tree");
  }
  plan.target = fields->str(Tag::TARGET);
  auto uid_map = parse_map(fields->text(Tag::UID_MAP));
  auto gid_map = parse_map(fields->text(Tag::GID_MAP));
  if (!clean_path(plan.target, true)) return invalid("rootfs.target");
  if (!uid_map) return invalid("rootfs.uidMap");
  if (!gid_map) return invalid("rootfs.gidMap");
  constexpr size_t kMaxMounts = 256;
  for (const std::string_view one : fields->all(Tag::MOUNT)) {
    auto mount = SubMount::parse(one);
    if (!mount.ok()) return std::move(mount.error());
    if (plan.mounts.size() == kMaxMounts) return invalid("rootfs.mounts");
    plan.mounts.push_back(std::move(*mount));
  }
  plan.uid_map = std::move(*uid_map);
  plan.gid_map = std::move(*gid_map);
  return plan;
}

base::Result<StartPlan> StartPlan::parse(const Fields& fields) {
  auto rootfs = RootfsPlan::parse(fields.text(Tag::ROOTFS));
  if (!rootfs.ok()) return std::move(rootfs.error());
  StartPlan plan;
  plan.rootfs = std::move(*rootfs);
  plan.pool = fields.str(Tag::POOL);
  plan.id = fields.str(Tag::ID);
  plan.lxc_path = fields.str(Tag::LXC_PATH);
  plan.config = fields.str(Tag::CONFIG);
  plan.init = fields.str(Tag::INIT);
  plan.cgroup = fields.str(Tag::CGROUP);
  plan.seccomp_profile = fields.str(Tag::SECCOMP_PROFILE);
  plan.notify_socket = fields.str(Tag::NOTIFY_SOCKET);
  plan.log_file = fields.str(Tag::LOG_FILE);
  plan.console_log = fields.str(Tag::CONSOLE_LOG);
  plan.timeout_ms = fields.number(Tag::TIMEOUT_MS, 60'000);
  constexpr size_t kMaxDelegated = 256;
  for (const std::string_view dataset : fields.all(Tag::DELEGATED)) {
    if (!dataset_name(dataset) || plan.delegated.size() == kMaxDelegated) {
      return invalid("delegated");
    }
    plan.delegated.emplace_back(dataset);
  }
  if (!plain_name(plan.pool)) return invalid("pool");
  if (!plain_name(plan.id)) return invalid("id");
  if (!clean_path(plan.lxc_path, true)) return invalid("lxcPath");
  if (!clean_path(plan.cgroup, false)) return invalid("cgroup");
  for (const std::string* path :
       {&plan.seccomp_profile, &plan.notify_socket, &plan.log_file, &plan.config, &plan.init}) {
    if (!path->empty() && !clean_path(*path, true)) return invalid(*path);
  }
  plan.next = fields.str(Tag::NEXT);
  if (!plan.next.empty()) {
    const auto frame = Message::parse(plan.next);
    // After a next one comes the same again.
    if (!frame || frame->fields.has(Tag::NEXT)) return invalid("next");
    const auto next = StartPlan::parse(frame->fields);
    if (!next.ok() || next->key() != plan.key() || next->cgroup != plan.cgroup ||
        next->lxc_path != plan.lxc_path || next->rootfs.target != plan.rootfs.target) {
      return invalid("next");
    }
  }
  return plan;
}

}  // namespace keeper
