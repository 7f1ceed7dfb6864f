#include "keeper/live_mount.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "keeper/channel.h"
#include "keeper/rootfs.h"
#include "ns/mount.h"
#include "ns/rootfs.h"

namespace keeper {
namespace {

constexpr size_t kMaxTable = 64 * 1024 * 1024;

bool is_device(const RootfsPlan& plan) {
  return plan.mounts.front().mode == TreePlan::Mode::kDevice;
}

base::Status make_place(const std::string& path, bool file) {
  if (!file) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return base::success();
    return base::last_error("mkdir", path);
  }
  const base::UniqueFd made(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
  return made.valid() ? base::success() : base::Status(base::last_error("open", path));
}

// Attached nowhere, and with the attributes that the guest must not take away. These are locked
// when a mount namespace is copied into one of another user namespace, mount_namespaces(7), and
// stay so.
base::Result<base::UniqueFd> locked_tree(const EditInput& input) {
  const RootfsPlan& plan = *input.live;
  if (::unshare(CLONE_NEWNS) != 0) return base::last_error("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return base::last_error("mount", "/");
  }
  TRY_STATUS(make_place(plan.target, is_device(plan)));
  std::vector<base::UniqueFd> used;
  auto tree = mount_tree(plan, plan.mounts.front(), input.userns, used);
  if (!tree.ok()) return tree;
  TRY_STATUS(ns::move_mount(tree->get(), AT_FDCWD, plan.target));
  if (::setns(input.init_fd, CLONE_NEWUSER) != 0) return base::last_error("setns");
  if (::unshare(CLONE_NEWNS) != 0) return base::last_error("unshare");
  return ns::open_tree(AT_FDCWD, plan.target, ns::kOpenTreeClone);
}

base::Result<base::UniqueFd> enter_root(const EditInput& input, int namespaces) {
  if (::setns(input.init_fd, namespaces) != 0) return base::last_error("setns");
  base::UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return base::last_error("open", "/");
  TRY_STATUS(become_root());
  return root;
}

// It may be there already, from an earlier time in the same run.
base::Status put_device(int device, int root, const std::string& at) {
  struct stat wanted{};
  if (::fstatat(device, "", &wanted, AT_EMPTY_PATH) != 0) return base::last_error("fstatat", at);
  const auto found = ns::stat_in_root(root, at, false);
  if (found.ok() && S_ISCHR(found->st_mode) && found->st_rdev == wanted.st_rdev) {
    return base::success();
  }
  auto file = ns::open_file_in_root(root, at, O_WRONLY | O_CREAT, 0666);
  if (!file.ok()) return std::move(file.error());
  auto place = ns::open_in_root(root, at, O_PATH | O_NOFOLLOW);
  if (!place.ok()) return std::move(place.error());
  return ns::move_mount(device, place->get(), "");
}

base::Status put(const EditInput& input) {
  auto tree = locked_tree(input);
  if (!tree.ok()) return std::move(tree.error());
  auto root = enter_root(input, CLONE_NEWNS);
  if (!root.ok()) return std::move(root.error());
  const std::string& at = input.live->mounts.front().at;
  if (is_device(*input.live)) return put_device(tree->get(), root->get(), at);
  TRY_STATUS(ns::mkdir_in_root(root->get(), at, 0755));
  auto directory = ns::open_in_root(root->get(), at, O_PATH | O_DIRECTORY);
  if (!directory.ok()) return std::move(directory.error());
  return ns::move_mount(tree->get(), directory->get(), "");
}

// Where the guest has it now, whatever it has done with what it was given.
base::Result<std::vector<std::string>> places(int table, const std::string& dataset) {
  if (::lseek(table, 0, SEEK_SET) != 0) return base::last_error("lseek", "mountinfo");
  auto text = base::read_fd(table, "mountinfo", kMaxTable);
  if (!text.ok()) return std::move(text.error());
  std::vector<std::string> found;
  for (const std::string_view line : base::split(*text, '\n')) {
    auto mount = base::parse_mount_line(line);
    if (mount && mount->type == "zfs" && mount->source == dataset) {
      found.push_back(std::move(mount->path));
    }
  }
  return found;
}

base::Status take(const EditInput& input) {
  const SubMount& mount = input.live->mounts.front();
  // Of its init, by our own /proc: what the guest calls so may be anything.
  auto table =
      base::open_at(AT_FDCWD, "/proc/" + std::to_string(input.init) + "/mountinfo", O_RDONLY);
  if (!table.ok()) return std::move(table.error());
  auto root = enter_root(input, CLONE_NEWUSER | CLONE_NEWNS);
  if (!root.ok()) return std::move(root.error());
  // One mount may hide another one.
  constexpr int kRounds = 64;
  for (int round = 0; round < kRounds; ++round) {
    auto found = places(table->get(), mount.upper);
    if (!found.ok()) return std::move(found.error());
    if (found->empty()) return base::success();
    for (const std::string& path : *found) (void)ns::umount(path, MNT_DETACH);
  }
  return base::SysError{EBUSY, "umount2", mount.at};
}

}  // namespace

void run_live_mount(const EditInput& input) {
  begin_child(input);
  const auto done = input.kind == Kind::MOUNT ? put(input) : take(input);
  if (!done.ok()) refuse(input, "mount", done.error());
  (void)send(input.report, Writer(Kind::REPLY, 0).bytes());
  _exit(0);
}

}  // namespace keeper
