// Where a keeper can be fed with anything: its own processes, mounts, cgroups and network, and
// nothing else to write to. A plan names files to be unlinked and cgroups to be killed, and a
// fuzzer finds names.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "cgroup/hierarchy.h"
#include "cgroup/tree.h"
#include "target.h"

namespace fuzz {

inline void set_read_only(const char* path, bool read_only, unsigned flags) {
  mount_attr attributes{};
  (read_only ? attributes.attr_set : attributes.attr_clr) = MOUNT_ATTR_RDONLY;
  CHECK(::syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attributes, sizeof attributes) == 0);
}

// Of the whole machine only `writable`, "" for nothing, can be written to, and what is in memory.
inline void confine_mounts(const std::string& writable) {
  CHECK(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  if (!writable.empty()) {
    CHECK(::mount(writable.c_str(), writable.c_str(), nullptr, MS_BIND, nullptr) == 0);
  }
  // The hierarchies anew, as their tops are now our own cgroup.
  const auto hierarchies = cgroup::Hierarchies::mounted();
  CHECK(hierarchies.ok());
  for (const cgroup::Hierarchy& one : hierarchies->all()) {
    std::string options;
    for (const std::string& name : one.controllers) options += (options.empty() ? "" : ",") + name;
    if (one.version == 2) options.clear();
    // Only in here: nothing goes back to the namespace that this one was made from.
    CHECK(::umount2(one.mountpoint.c_str(), MNT_DETACH) == 0);
    CHECK(::mount("cgroup", one.mountpoint.c_str(), one.version == 2 ? "cgroup2" : "cgroup", 0,
                  options.c_str()) == 0);
  }
  set_read_only("/", true, AT_RECURSIVE);
  if (!writable.empty()) set_read_only(writable.c_str(), false, 0);
  for (const cgroup::Hierarchy& one : hierarchies->all()) {
    set_read_only(one.mountpoint.c_str(), false, 0);
  }
  for (const char* path : {"/dev/shm", "/run", "/tmp"}) {
    if (writable.starts_with(std::string(path) + "/")) continue;
    CHECK(::mount("tmpfs", path, "tmpfs", 0, "size=256m,mode=0755") == 0);
  }
  CHECK(::mount("proc", "/proc", "proc", 0, nullptr) == 0);
}

// Returns in the jail. Who called stays outside, waits, cleans up, and ends as the one inside did.
inline void enter_jail(const std::string& writable) {
  const auto hierarchies = cgroup::Hierarchies::mounted();
  CHECK(hierarchies.ok());
  const std::string own = "vpsadminos-fuzz-" + std::to_string(::getpid());
  CHECK(cgroup::create(*hierarchies, own, true).ok());
  int ready[2];
  CHECK(::pipe2(ready, O_CLOEXEC) == 0);
  CHECK(::unshare(CLONE_NEWPID) == 0);
  const pid_t inside = ::fork();
  CHECK(inside >= 0);
  if (inside == 0) {
    char go = 0;
    CHECK(::read(ready[0], &go, 1) == 1);
    CHECK(::unshare(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWIPC) == 0);
    return confine_mounts(writable);
  }
  CHECK(cgroup::join(*hierarchies, own, inside).ok());
  CHECK(::write(ready[1], "g", 1) == 1);
  int status = 0;
  for (const int number : {SIGINT, SIGTERM}) ::signal(number, SIG_IGN);
  CHECK(::waitpid(inside, &status, 0) == inside);
  (void)cgroup::kill(*hierarchies, own);
  if (const auto removed = cgroup::remove(*hierarchies, own, 2000, 200); !removed.ok()) {
    ::fprintf(stderr, "cgroup %s is left\n", own.c_str());
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace fuzz
