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

static inline void place(const char* path) {
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0) die(path);
  close(fd);
}

static inline void mount_dev(int console) {
  static const char* const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
  attach("tmpfs", "dev", MS_NOSUID, "mode=755,size=500000");
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    char from[32], to[32];
    snprintf(from, sizeof from, "/dev/%s", nodes[i]);
    snprintf(to, sizeof to, "dev/%s", nodes[i]);
    place(to);
    bind_mount(from, to, 0);
  }
  place("dev/console");
  if (syscall(SYS_move_mount, console, "", AT_FDCWD, "dev/console", MOVE_MOUNT_F_EMPTY_PATH))
    die("dev/console");
  if (mkdir("dev/pts", 0755) || mkdir("dev/shm", 0755)) die("mkdir");
  attach("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  attach("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
  if (symlink("pts/ptmx", "dev/ptmx") || symlink("/proc/self/fd", "dev/fd") ||
      symlink("/proc/self/fd/0", "dev/stdin") || symlink("/proc/self/fd/1", "dev/stdout") ||
      symlink("/proc/self/fd/2", "dev/stderr"))
    die("symlink");
}

// What tells about the host: files show nothing, directories are empty, settings cannot be changed.
static inline void mask(void) {
  static const char* const files[] = {"proc/kcore", "proc/keys", "proc/latency_stats",
                                      "proc/timer_list"};
  static const char* const directories[] = {"proc/acpi", "proc/asound", "proc/scsi",
                                            "sys/firmware"};
  static const char* const read_only[] = {"proc/sys", "proc/sysrq-trigger"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (mount("/dev/null", files[i], NULL, MS_BIND, NULL) && errno != ENOENT) die(files[i]);
  for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
    if (mount("tmpfs", directories[i], "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=4k,mode=0555") &&
        errno != ENOENT)
      die(directories[i]);
  for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
    if (access(read_only[i], F_OK) == 0) bind_mount(read_only[i], read_only[i], 1);
}

// On hybrid hosts a system container's init mounts the hierarchies that it wants by itself.
static inline void mount_cgroups(void) {
  if (hierarchy_count == 1 && !hierarchies[0].options[0])
    attach("cgroup2", "sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

__attribute__((noreturn)) static inline void become_container(int rootfs, int console,
                                                              const char* where,
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
  mount_dev(console);
  mount_cgroups();
  mask();

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
