#include "keeper/edit_entry.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "keeper/channel.h"
#include "keeper/descriptors.h"
#include "keeper/rootfs.h"

namespace keeper {

void begin_child(const EditInput& input) {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  close_all_but({input.userns, input.init_fd, input.report});
  if (const auto own_proc = ns::keep_own_proc(); !own_proc.ok()) {
    refuse(input, "enter", own_proc.error());
  }
}

void refuse(const EditInput& input, const char* step, const base::SysError& error, mode_t found) {
  const bool other = found != 0 && !S_ISREG(found);
  const Writer answer =
      error_frame(0, error, other ? "type" : step, {}, other ? type_of(found) : "");
  (void)send(input.report, answer.bytes());
  _exit(1);
}

base::Result<base::UniqueFd> enter(const EditInput& input) {
  base::UniqueFd root;
  if (input.rootfs != nullptr) {
    if (::unshare(CLONE_NEWNS) != 0) return base::last_error("unshare");
    // The mount lives and dies with this process.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return base::last_error("mount", "/");
    }
    if (auto mounted = mount_rootfs(*input.rootfs, input.userns); !mounted.ok()) {
      return std::move(mounted.error());
    }
    TRY_STATUS(place_mounts(*input.rootfs));
    root.reset(::open(input.rootfs->target.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid()) return base::last_error("open", input.rootfs->target);
    if (::setns(input.userns, CLONE_NEWUSER) != 0) return base::last_error("setns");
  } else {
    // Files in /proc/sys are those of the namespaces of whoever opens them.
    constexpr int kAll = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWIPC;
    if (::setns(input.init_fd, kAll) != 0) {
      return base::last_error("setns");
    }
    root.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid()) return base::last_error("open", "/");
  }
  TRY_STATUS(become_root());
  return root;
}

base::Status become_root() {
  if (::setgroups(0, nullptr) != 0) return base::last_error("setgroups");
  if (::setresgid(0, 0, 0) != 0) return base::last_error("setresgid");
  if (::setresuid(0, 0, 0) != 0) return base::last_error("setresuid");
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::umask(0);
  return base::success();
}

ns::Owner owner_of(const Fields& fields) {
  ns::Owner owner;
  if (fields.has(Tag::UID)) owner.uid = static_cast<uid_t>(fields.number(Tag::UID));
  if (fields.has(Tag::GID)) owner.gid = static_cast<gid_t>(fields.number(Tag::GID));
  return owner;
}

const char* type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFCHR:
      return "character";
    case S_IFBLK:
      return "block";
    case S_IFIFO:
      return "fifo";
    default:
      return "socket";
  }
}

}  // namespace keeper
