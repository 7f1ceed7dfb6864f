#include "keeper/delegation.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "zfs/delegation.h"

namespace keeper {
namespace {

std::string place_of(const StartPlan& plan) {
  return plan.rootfs.target + kUsernsPart;
}

// Nothing is mounted there: ENOENT.
base::Result<base::UniqueFd> kept_namespace(const StartPlan& plan) {
  const std::string path = place_of(plan);
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return base::last_error("open", path);
  struct statfs info{};
  if (::fstatfs(fd.get(), &info) != 0) return base::last_error("fstatfs", path);
  if (info.f_type != NSFS_MAGIC) return base::SysError{ENOENT, "open", path};
  return fd;
}

// Its number is another one's when it has ended and was waited for.
bool is_gone(int pid_fd) {
  pollfd ended{pid_fd, POLLIN, 0};
  return pid_fd >= 0 && ::poll(&ended, 1, 0) != 0;
}

base::Result<base::UniqueFd> keep_namespace(const StartPlan& plan, pid_t init, int init_fd) {
  auto kept = kept_namespace(plan);
  if (kept.ok()) return kept;
  auto userns = base::open_at(AT_FDCWD, "/proc/" + std::to_string(init) + "/ns/user", O_RDONLY);
  if (!userns.ok()) return userns;
  if (is_gone(init_fd)) return base::SysError{ESRCH, "open", "/proc/" + std::to_string(init)};
  const std::string source = "/proc/self/fd/" + std::to_string(userns->get());
  const std::string path = place_of(plan);
  const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return base::last_error("open", path);
  if (::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return base::last_error("mount", path);
  }
  return kept_namespace(plan);
}

// One that fails keeps none of those after it from being done. The first error.
base::Status with_each(const std::vector<std::string>& datasets, int userns,
                       base::Status (*hand)(const std::string& dataset, int userns)) {
  base::Status first = base::success();
  for (const std::string& dataset : datasets) {
    if (auto status = hand(dataset, userns); !status.ok() && first.ok()) {
      first = std::move(status);
    }
  }
  return first;
}

}  // namespace

base::Status delegate(const StartPlan& plan, pid_t init, int init_fd) {
  if (plan.delegated.empty()) return base::success();
  auto userns = keep_namespace(plan, init, init_fd);
  if (!userns.ok()) return std::move(userns.error());
  return with_each(plan.delegated, userns->get(), zfs::attach);
}

base::Status detach(const StartPlan& plan, const std::vector<std::string>& datasets) {
  if (datasets.empty()) return base::success();
  auto userns = kept_namespace(plan);
  if (!userns.ok()) {
    if (userns.error().errnum == ENOENT) return base::success();
    return std::move(userns.error());
  }
  return with_each(datasets, userns->get(), zfs::detach);
}

bool is_delegated(const StartPlan& plan) {
  return ::access(place_of(plan).c_str(), F_OK) == 0;
}

base::Status end_delegation(const StartPlan& plan) {
  TRY_STATUS(detach(plan, plan.delegated));
  const std::string path = place_of(plan);
  while (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  ::unlink(path.c_str());
  return base::success();
}

}  // namespace keeper
