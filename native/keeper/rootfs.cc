#include "keeper/rootfs.h"

#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/file.h"
#include "base/mountinfo.h"
#include "keeper/delegation.h"
#include "keeper/zpools.h"
#include "ns/mount.h"
#include "ns/rootfs.h"

namespace keeper {
namespace {

// Overlay makes its work directory as whoever mounts it, and on an idmapped layer an id that
// the map does not hold cannot own a file (EOVERFLOW, then a read-only mount; tried with
// kernel 6.18). So the mount is made as the container's root, with our capabilities:
// setfsuid(2) takes the file capabilities away, capset(2) puts them back.
class AsContainerRoot {
 public:
  AsContainerRoot(uid_t uid, gid_t gid) {
    ::setfsgid(gid);
    ::setfsuid(uid);
    restore_capabilities();
  }
  AsContainerRoot(const AsContainerRoot&) = delete;
  AsContainerRoot& operator=(const AsContainerRoot&) = delete;
  ~AsContainerRoot() {
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
    restore_capabilities();
  }

 private:
  static void restore_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) return;
    for (auto& part : data) part.effective = part.permitted;
    ::syscall(SYS_capset, &header, data.data());
  }
};

// What is added to its mount point's name. No container id holds a dot, so these are free.
constexpr const char* kTree = "private";
constexpr const char* kMounts = ".mounts";
constexpr std::array<const char*, 5> kParts{"", ".upper", ".lower", ".dataset", kMounts};

struct Layers {
  base::UniqueFd lower;  // detached mounts, mapped
  base::UniqueFd upper;
};

base::Result<base::UniqueFd> open_part(int mount, const char* name) {
  return base::open_at(mount, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

// Since 6.15 a layer may be the descriptor of a mount that is attached nowhere.
base::Status layers_by_descriptor(int context, const Layers& layers) {
  auto upper = open_part(layers.upper.get(), "upper");
  if (!upper.ok()) return std::move(upper.error());
  auto work = open_part(layers.upper.get(), "work");
  if (!work.ok()) return std::move(work.error());
  TRY_STATUS(ns::fsconfig_fd(context, "lowerdir+", layers.lower.get()));
  TRY_STATUS(ns::fsconfig_fd(context, "upperdir", upper->get()));
  return ns::fsconfig_fd(context, "workdir", work->get());
}

// Before, a layer is a path, so it must be attached somewhere while the overlay is made.
class Attached {
 public:
  Attached(int mount, std::string at) : at_(std::move(at)) {
    if (::mkdir(at_.c_str(), 0700) != 0 && errno != EEXIST) {
      status_ = base::last_error("mkdir", at_);
    } else {
      status_ = ns::move_mount(mount, AT_FDCWD, at_);
    }
  }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;
  ~Attached() {
    if (status_.ok()) ::umount2(at_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    ::rmdir(at_.c_str());
  }
  [[nodiscard]] const base::Status& status() const { return status_; }

 private:
  std::string at_;
  base::Status status_ = base::success();
};

base::Result<base::UniqueFd> make_overlay(int context, const RootfsPlan& plan) {
  {
    const AsContainerRoot root(root_of(plan.uid_map), root_of(plan.gid_map));
    TRY_STATUS(ns::fsconfig_create(context));
  }
  return ns::fsmount(context, ns::kMountNodev);
}

base::Result<base::UniqueFd> overlay_by_descriptor(const RootfsPlan& plan, const Layers& layers) {
  auto context = ns::fsopen("overlay");
  if (!context.ok()) return context;
  TRY_STATUS(ns::fsconfig_string(context->get(), "source", "overlay"));
  TRY_STATUS(layers_by_descriptor(context->get(), layers));
  return make_overlay(context->get(), plan);
}

base::Result<base::UniqueFd> overlay_by_path(const RootfsPlan& plan, const Layers& layers) {
  const Attached lower(layers.lower.get(), plan.target + ".lower");
  TRY_STATUS(base::Status(lower.status()));
  const Attached upper(layers.upper.get(), plan.target + ".upper");
  TRY_STATUS(base::Status(upper.status()));
  // Overlay would go where a link leads.
  for (const char* name : {"upper", "work"}) {
    auto part = open_part(layers.upper.get(), name);
    if (!part.ok()) return part;
  }
  auto context = ns::fsopen("overlay");
  if (!context.ok()) return context;
  TRY_STATUS(ns::fsconfig_string(context->get(), "source", "overlay"));
  TRY_STATUS(ns::fsconfig_string(context->get(), "lowerdir", plan.target + ".lower"));
  TRY_STATUS(ns::fsconfig_string(context->get(), "upperdir", plan.target + ".upper/upper"));
  TRY_STATUS(ns::fsconfig_string(context->get(), "workdir", plan.target + ".upper/work"));
  return make_overlay(context->get(), plan);
}

// A tree of a pool: only root can have put a link in its place, and it leads nowhere all the same.
base::Result<base::UniqueFd> copy_of(const std::string& tree, int userns, uint64_t attributes) {
  auto directory = open_part(AT_FDCWD, tree.c_str());
  if (!directory.ok()) return directory;
  auto mount = ns::clone_mount(directory->get(), "", userns, attributes);
  if (!mount.ok()) mount.error().path = tree;
  return mount;
}

bool kernel_takes_detached_layers() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (::uname(&name) != 0 || ::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 15);
}

base::Result<base::UniqueFd> overlay_of(const TreePlan& tree, const RootfsPlan& plan, int userns,
                                        std::vector<base::UniqueFd>& used) {
  auto lower = copy_of(tree.lower, userns, ns::kMountNodev | ns::kMountRdonly);
  if (!lower.ok()) return lower;
  auto upper = copy_of(tree.upper, userns, ns::kMountNodev);
  if (!upper.ok()) return upper;
  Layers layers{std::move(*lower), std::move(*upper)};
  auto mount = kernel_takes_detached_layers() ? overlay_by_descriptor(plan, layers)
                                              : overlay_by_path(plan, layers);
  if (!mount.ok()) return mount;
  used.push_back(std::move(layers.lower));
  used.push_back(std::move(layers.upper));
  return mount;
}

base::Result<base::UniqueFd> new_mount(const std::string& dataset) {
  auto context = ns::fsopen("zfs");
  if (!context.ok()) return context;
  TRY_STATUS(ns::fsconfig_string(context->get(), "source", dataset));
  TRY_STATUS(ns::fsconfig_create(context->get(), dataset));
  return ns::fsmount(context->get(), ns::kMountNodev);
}

// A mount that is just ending, as that of the run before, is in the way until ZFS has let go of the
// dataset: a moment after the mount itself is gone.
base::Result<base::UniqueFd> mount_of(const std::string& dataset) {
  constexpr int kTries = 1000;
  constexpr timespec kPause{0, 5'000'000};
  for (int left = kTries;; --left) {
    auto mount = new_mount(dataset);
    if (mount.ok() || mount.error().errnum != EBUSY || left == 0) return mount;
    ::nanosleep(&kPause, nullptr);
  }
}

// A tree that is attached nowhere: its dataset is out of sight again then, and with it `.zfs`.
base::Result<base::UniqueFd> tree_in(const std::string& dataset, const RootfsPlan& plan, int userns,
                                     uint64_t attributes, std::vector<base::UniqueFd>& used) {
  auto whole = mount_of(dataset);
  if (!whole.ok()) return whole;
  // A mount that is attached nowhere cannot be copied, before Linux 6.15.
  const Attached attached(whole->get(), plan.target + ".dataset");
  TRY_STATUS(base::Status(attached.status()));
  // A further dataset has one from its first mount on.
  if (dataset != plan.upper && ::mkdirat(whole->get(), kTree, 0755) != 0 && errno != EEXIST) {
    return base::last_error("mkdirat", dataset + "/" + kTree);
  }
  auto tree = open_part(whole->get(), kTree);
  if (!tree.ok()) {
    tree.error().path = dataset + "/" + kTree;
    return std::move(tree.error());
  }
  auto mount = ns::clone_mount(tree->get(), "", userns, attributes | ns::kMountNodev);
  if (mount.ok()) used.push_back(std::move(*whole));
  return mount;
}

// Attached nowhere.
base::Result<base::UniqueFd> tree_of(const TreePlan& tree, const RootfsPlan& plan, int userns,
                                     uint64_t attributes, std::vector<base::UniqueFd>& used) {
  if (tree.mode == TreePlan::Mode::kOverlay) return overlay_of(tree, plan, userns, used);
  if (tree.mode == TreePlan::Mode::kDataset) {
    return tree_in(tree.upper, plan, userns, attributes, used);
  }
  if (tree.mode == TreePlan::Mode::kDevice) {
    return ns::clone_mount(AT_FDCWD, tree.upper, -1, attributes);
  }
  return copy_of(tree.upper, userns, attributes | ns::kMountNodev);
}

// Its place may be in one that was mounted before it.
base::Status make_mountpoint(const RootfsPlan& plan, size_t index, int root,
                             const std::vector<base::UniqueFd>& trees) {
  std::string at = plan.mounts[index].at;
  for (size_t before = index; before-- > 0;) {
    const std::string within = plan.mounts[before].at + "/";
    if (!at.starts_with(within)) continue;
    root = trees[before].get();
    at = at.substr(within.size());
    break;
  }
  const AsContainerRoot as(root_of(plan.uid_map), root_of(plan.gid_map));
  return ns::mkdir_in_root(root, at, 0755);
}

std::string staged(const RootfsPlan& plan, size_t index) {
  return plan.target + kMounts + "/" + std::to_string(index);
}

base::Status stage_mounts(const RootfsPlan& plan, int userns, std::vector<base::UniqueFd>& used) {
  if (plan.mounts.empty()) return base::success();
  auto root = base::open_at(AT_FDCWD, plan.target, O_PATH | O_DIRECTORY);
  if (!root.ok()) return std::move(root.error());
  const std::string stage = plan.target + kMounts;
  if (::mkdir(stage.c_str(), 0711) != 0 && errno != EEXIST) return base::last_error("mkdir", stage);
  // Of its own: with it all that is in it goes at once.
  TRY_STATUS(prepare_rootfs_area(stage));
  std::vector<base::UniqueFd> trees;
  for (size_t index = 0; index < plan.mounts.size(); ++index) {
    const SubMount& mount = plan.mounts[index];
    auto tree = mount_tree(plan, mount, userns, used);
    if (!tree.ok()) return std::move(tree.error());
    TRY_STATUS(make_mountpoint(plan, index, root->get(), trees));
    const std::string at = staged(plan, index);
    if (::mkdir(at.c_str(), 0700) != 0) return base::last_error("mkdir", at);
    TRY_STATUS(ns::move_mount(tree->get(), AT_FDCWD, at));
    trees.push_back(std::move(*tree));
  }
  return base::success();
}

void remove_work(const TreePlan& tree) {
  if (tree.mode == TreePlan::Mode::kOverlay) ::rmdir((tree.upper + "/work/work").c_str());
}

}  // namespace

base::Status prepare_rootfs_area(const std::string& directory) {
  // In memory and only in our namespace: mount points come and go with every start, and on a disk
  // the removal of a directory may take milliseconds (ext4: 0.9 ms where tmpfs has 1 us).
  if (::mount("rootfs", directory.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "mode=0711,size=1m") != 0) {
    return base::last_error("mount", directory);
  }
  return base::success();
}

base::Result<std::vector<base::UniqueFd>> mount_rootfs(const RootfsPlan& plan, int userns) {
  const std::string parent = plan.target.substr(0, plan.target.rfind('/'));
  if (::mkdir(parent.c_str(), 0711) != 0 && errno != EEXIST) {
    return base::last_error("mkdir", parent);
  }
  if (::mkdir(plan.target.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::last_error("mkdir", plan.target);
  }
  std::vector<base::UniqueFd> used;
  auto tree = tree_of(plan, plan, userns, 0, used);
  if (!tree.ok()) return std::move(tree.error());
  TRY_STATUS(ns::move_mount(tree->get(), AT_FDCWD, plan.target));
  TRY_STATUS(stage_mounts(plan, userns, used));
  return used;
}

base::Result<base::UniqueFd> mount_tree(const RootfsPlan& plan, const SubMount& mount, int userns,
                                        std::vector<base::UniqueFd>& used) {
  return tree_of(mount, plan, userns, mount.readonly ? ns::kMountRdonly : 0, used);
}

base::Status place_mounts(const RootfsPlan& plan) {
  if (plan.mounts.empty()) return base::success();
  auto root = base::open_at(AT_FDCWD, plan.target, O_PATH | O_DIRECTORY);
  if (!root.ok()) return std::move(root.error());
  for (size_t index = 0; index < plan.mounts.size(); ++index) {
    auto mount = ns::open_tree(AT_FDCWD, staged(plan, index), 0);
    if (!mount.ok()) return std::move(mount.error());
    auto at = ns::open_in_root(root->get(), plan.mounts[index].at, O_PATH | O_DIRECTORY);
    if (!at.ok()) return std::move(at.error());
    TRY_STATUS(ns::move_mount(mount->get(), at->get(), ""));
  }
  return base::success();
}

namespace {

// The last one to unmount it would wait for disks, and with the keeper everybody.
bool waits_for_disks(const std::string& target) {
  const std::set<std::string> suspended = suspended_zpools();
  if (suspended.empty()) return false;
  constexpr size_t kMaxTable = size_t{64} << 20;
  const auto table = base::read_file("/proc/self/mountinfo", kMaxTable);
  if (!table.ok()) return false;
  const auto lines = base::split(*table, '\n');
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    const auto mount = base::parse_mount_line(line);
    return mount && mount->type == "zfs" && is_of_rootfs(mount->path, target) &&
           suspended.contains(mount->source.substr(0, mount->source.find('/')));
  });
}

}  // namespace

void unmount_rootfs(const std::string& target) {
  if (waits_for_disks(target)) return;
  // The parts are there while it is put together, by a child that may have been killed then.
  for (const char* part : kParts) {
    const std::string path = target + part;
    while (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
    }
    ::remove(path.c_str());  // of a device it is a file
  }
}

bool is_of_rootfs(std::string_view path, std::string_view target) {
  if (!path.starts_with(target)) return false;
  const std::string_view rest = path.substr(target.size());
  if (rest == kUsernsPart) return true;
  return std::any_of(kParts.begin(), kParts.end(), [rest](std::string_view part) {
    return rest.starts_with(part) && (rest.size() == part.size() || rest[part.size()] == '/');
  });
}

void remove_overlay_work(const RootfsPlan& plan) {
  remove_work(plan);
  for (const SubMount& mount : plan.mounts) remove_work(mount);
}

}  // namespace keeper
