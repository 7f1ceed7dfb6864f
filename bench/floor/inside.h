// What a container's first process does between its clone and its exec: the root, the standard
// mounts, the device nodes, the change of root and the confinement.
#ifndef BENCH_FLOOR_INSIDE_H_
#define BENCH_FLOOR_INSIDE_H_

#include <grp.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>

#include "confine.h"
#include "hierarchy.h"

static inline void attach(const char* type, const char* where, unsigned long flags,
                          const char* data) {
  if (mount(type, where, type, flags, data)) die(where);
}

// A bind mount takes its read-only flag only by a second call.
static inline void bind_mount(const char* from, const char* to, int read_only) {
  if (mount(from, to, NULL, MS_BIND, NULL)) die(to);
  if (read_only && mount(NULL, to, NULL,
                         MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
    die(to);
}

static inline void mount_dev(void) {
  static const char* const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
  attach("tmpfs", "dev", MS_NOSUID, "mode=755,size=500000");
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    char from[32], to[32];
    snprintf(from, sizeof from, "/dev/%s", nodes[i]);
    snprintf(to, sizeof to, "dev/%s", nodes[i]);
    int fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) die(to);
    close(fd);
    bind_mount(from, to, 0);
  }
  if (mkdir("dev/pts", 0755) || mkdir("dev/shm", 0755) || mkdir("dev/mqueue", 0755)) die("mkdir");
  attach("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  attach("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
  attach("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  if (symlink("pts/ptmx", "dev/ptmx") || symlink("/proc/self/fd", "dev/fd") ||
      symlink("/proc/self/fd/0", "dev/stdin") || symlink("/proc/self/fd/1", "dev/stdout") ||
      symlink("/proc/self/fd/2", "dev/stderr"))
    die("symlink");
}

static inline void mount_cgroups(void) {
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (hierarchy_count == 1 && !hierarchies[0].options[0]) {
    attach("cgroup2", "sys/fs/cgroup", flags, NULL);
    return;
  }
  attach("tmpfs", "sys/fs/cgroup", flags, "mode=755,size=100000");
  for (int i = 0; i < hierarchy_count; i++) {
    char where[256];
    snprintf(where, sizeof where, "sys/fs/cgroup%s", strrchr(hierarchies[i].mountpoint, '/'));
    if (mkdir(where, 0755)) die(where);
    if (hierarchies[i].options[0]) {
      attach("cgroup", where, flags, hierarchies[i].options);
    } else {
      attach("cgroup2", where, flags, NULL);
    }
  }
}

__attribute__((noreturn)) static inline void become_container(int rootfs, const char* where,
                                                              const char* hostname) {
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0)) die("setresuid");
  if (setsid() < 0) die("setsid");
  // Only now, in its cgroups: they are the root that the new cgroup namespace shows.
  if (unshare(CLONE_NEWCGROUP)) die("unshare");

  if (syscall(SYS_move_mount, rootfs, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH))
    die("move_mount");
  if (chdir(where)) die(where);
  attach("proc", "proc", flags, NULL);
  attach("sysfs", "sys", flags | MS_RDONLY, NULL);
  mount_dev();
  mount_cgroups();
  bind_mount("proc/sys", "proc/sys", 1);
  if (access("proc/sysrq-trigger", F_OK) == 0)
    bind_mount("proc/sysrq-trigger", "proc/sysrq-trigger", 1);

  if (syscall(SYS_pivot_root, ".", ".")) die("pivot_root");
  if (umount2(".", MNT_DETACH) || chdir("/")) die("umount2");
  if (sethostname(hostname, strlen(hostname))) die("sethostname");

  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, 0);
  dup2(null, 1);
  int error = fcntl(2, F_DUPFD_CLOEXEC, 10);
  dup2(null, 2);
  confine();
  char* const argv[] = {"/sbin/init", NULL};
  char* const envp[] = {"container=lxc", NULL};
  execve(argv[0], argv, envp);
  dup2(error, 2);
  die(argv[0]);
}

#endif
