#include "keeper/rootfs.h"

#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "ns/mount.h"

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

// A layer must be attached somewhere while the overlay is made: kernels before 6.13 take
// layers by path only. No container id holds a dot, so these names are free.
class Layer {
 public:
  static base::Result<Layer> attach(const std::string& source, const std::string& at, int userns,
                                    uint64_t attributes) {
    Layer layer;
    auto mount = ns::clone_mount(AT_FDCWD, source, userns, attributes);
    if (!mount.ok()) return std::move(mount.error());
    if (::mkdir(at.c_str(), 0700) != 0 && errno != EEXIST) return base::last_error("mkdir", at);
    layer.at_ = at;
    TRY_STATUS(ns::move_mount(mount->get(), AT_FDCWD, at));
    layer.mounted_ = true;
    return layer;
  }
  Layer(Layer&& other) noexcept
      : at_(std::exchange(other.at_, {})), mounted_(std::exchange(other.mounted_, false)) {}
  Layer& operator=(Layer&&) = delete;
  ~Layer() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    if (!at_.empty()) ::rmdir(at_.c_str());
  }

 private:
  Layer() = default;
  std::string at_;
  bool mounted_ = false;
};

base::Status mount_bind(const RootfsPlan& plan, int userns) {
  auto mount = ns::clone_mount(AT_FDCWD, plan.upper, userns, ns::kMountNodev);
  if (!mount.ok()) return std::move(mount.error());
  return ns::move_mount(mount->get(), AT_FDCWD, plan.target);
}

base::Status mount_overlay(const RootfsPlan& plan, int userns) {
  const std::string lower_at = plan.target + ".lower";
  const std::string upper_at = plan.target + ".upper";
  auto lower = Layer::attach(plan.lower, lower_at, userns, ns::kMountNodev | ns::kMountRdonly);
  if (!lower.ok()) return std::move(lower.error());
  auto upper = Layer::attach(plan.upper, upper_at, userns, ns::kMountNodev);
  if (!upper.ok()) return std::move(upper.error());

  auto context = ns::fsopen("overlay");
  if (!context.ok()) return std::move(context.error());
  TRY_STATUS(ns::fsconfig_string(context->get(), "source", "overlay"));
  TRY_STATUS(ns::fsconfig_string(context->get(), "lowerdir", lower_at));
  TRY_STATUS(ns::fsconfig_string(context->get(), "upperdir", upper_at + "/upper"));
  TRY_STATUS(ns::fsconfig_string(context->get(), "workdir", upper_at + "/work"));
  {
    const AsContainerRoot root(root_of(plan.uid_map), root_of(plan.gid_map));
    TRY_STATUS(ns::fsconfig_create(context->get()));
  }
  auto mount = ns::fsmount(context->get(), ns::kMountNodev);
  if (!mount.ok()) return std::move(mount.error());
  return ns::move_mount(mount->get(), AT_FDCWD, plan.target);
}

}  // namespace

base::Status mount_rootfs(const RootfsPlan& plan, int userns) {
  if (::mkdir(plan.target.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::last_error("mkdir", plan.target);
  }
  // Left by a keeper that ended between the mount and the start.
  while (::umount2(plan.target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  return plan.mode == RootfsPlan::Mode::kOverlay ? mount_overlay(plan, userns)
                                                 : mount_bind(plan, userns);
}

void unmount_rootfs(const std::string& target) {
  while (::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  ::rmdir(target.c_str());
}

}  // namespace keeper
