// What a guest's root asks of the kernel and must not get. Prints each that it got.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char* host;

static int writes(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY);
  if (fd < 0) return -1;
  const ssize_t got = write(fd, text, strlen(text));
  close(fd);
  return got == (ssize_t)strlen(text) ? 0 : -1;
}

// A node that can be made is not one that can be opened.
static int opens(mode_t type, dev_t device) {
  static int number;
  char path[64];
  snprintf(path, sizeof path, "/node%d", number++);
  if (mknod(path, type | 0666, device) != 0) return -1;
  return open(path, O_RDWR | O_NONBLOCK) < 0 ? -1 : 0;
}

static int module(void) { return (int)syscall(SYS_init_module, "x", 1L, ""); }
static int module_file(void) { return (int)syscall(SYS_finit_module, open("/attack", O_RDONLY), "", 0); }
static int module_away(void) { return (int)syscall(SYS_delete_module, "overlay", O_NONBLOCK); }
static int kexec(void) { return (int)syscall(SYS_kexec_load, 0L, 0L, NULL, 0L); }
static int kexec_file(void) { return (int)syscall(SYS_kexec_file_load, -1, -1, 0L, "", 0L); }
static int ports(void) { return iopl(3); }
static int some_ports(void) { return ioperm(0x70, 2, 1); }
static int swap_on(void) { return swapon("/attack", 0); }
static int swap_off(void) { return swapoff("/dev/sda2"); }
static int accounting(void) { return acct("/attack"); }
static int quotas(void) { return (int)syscall(SYS_quotactl, QCMD(Q_QUOTAON, USRQUOTA), "/dev/sda1", 0, "/x"); }
static int log_read(void) { char text[16]; return klogctl(3, text, sizeof text) < 0 ? -1 : 0; }
static int log_clear(void) { return klogctl(5, NULL, 0); }
static int log_device(void) { return opens(S_IFCHR, makedev(1, 11)); }
static int memory_device(void) { return opens(S_IFCHR, makedev(1, 1)); }
static int disk_device(void) { return opens(S_IFBLK, makedev(8, 0)); }
static int loop_device(void) { return opens(S_IFCHR, makedev(10, 237)); }
static int fuse_device(void) { return opens(S_IFCHR, makedev(10, 229)); }
static int clock_set(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return clock_settime(CLOCK_REALTIME, &t);
}
static int time_zone(void) {
  const struct timezone zone = {1, 0};
  return settimeofday(NULL, &zone);
}
static int perf(void) {
  struct perf_event_attr what = {.type = PERF_TYPE_HARDWARE, .size = sizeof what};
  return (int)syscall(SYS_perf_event_open, &what, -1, 0, -1, 0);
}
static int bpf(void) {
  union bpf_attr what = {.map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 4, .max_entries = 1};
  if (syscall(SYS_bpf, BPF_MAP_CREATE, &what, sizeof what) < 0) return -1;
  const struct bpf_insn program[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
  memset(&what, 0, sizeof what);
  what.prog_type = BPF_PROG_TYPE_KPROBE;
  what.insn_cnt = 2;
  what.insns = (unsigned long)program;
  what.license = (unsigned long)"GPL";
  return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &what, sizeof what);
}
static int handle(void) {
  struct { struct file_handle head; unsigned char bytes[8]; } of = {.head = {.handle_bytes = 8, .handle_type = 1}};
  of.bytes[0] = 2;  // the root of an ext4
  return open_by_handle_at(open("/", O_RDONLY), &of.head, O_RDONLY);
}
static int mount_disk(void) { return mount("/dev/sda1", "/mnt", "ext4", 0, NULL); }
static int open_filesystem(void) {
  const int fd = (int)syscall(SYS_fsopen, "ext4", 0);
  if (fd < 0) return -1;
  return (int)syscall(SYS_fsconfig, fd, 1, "source", "/dev/sda1", 0) == 0 ? (int)syscall(SYS_fsconfig, fd, 6, NULL, NULL, 0) : -1;
}
static int mount_debug(void) { return mount("none", "/mnt", "debugfs", 0, NULL); }
static int mount_trace(void) { return mount("none", "/mnt", "tracefs", 0, NULL); }
static int mount_security(void) { return mount("none", "/mnt", "securityfs", 0, NULL); }
static int mount_devices(void) {
  if (mount("none", "/mnt", "devtmpfs", 0, NULL) != 0) return -1;
  return open("/mnt/mem", O_RDWR);
}
static int overlay_devices(void) {
  if (mount("none", "/mnt", "tmpfs", 0, NULL) != 0) return -1;
  if (mkdir("/mnt/u", 0700) != 0 || mkdir("/mnt/w", 0700) != 0 || mkdir("/mnt/m", 0700) != 0) return -1;
  mknod("/mnt/u/mem", S_IFCHR | 0666, makedev(1, 1));
  if (mount("none", "/mnt/m", "overlay", 0, "lowerdir=/dev,upperdir=/mnt/u,workdir=/mnt/w") != 0) return -1;
  return open("/mnt/m/mem", O_RDWR);
}
static int nested(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return -1;
  return mount("/dev/sda1", "/mnt", "ext4", 0, NULL);
}
static int nested_map(void) {
  if (unshare(CLONE_NEWUSER) != 0) return -1;
  return writes("/proc/self/uid_map", "0 4294901760 10");
}
static int enter_host(void) {
  for (int fd = 3; fd < 64; fd++) if (setns(fd, 0) == 0) return 0;
  errno = EBADF;
  return -1;
}
static int priority(void) { return setpriority(PRIO_PROCESS, 0, -20); }
static int realtime(void) {
  const struct sched_param param = {.sched_priority = 99};
  return sched_setscheduler(0, SCHED_FIFO, &param);
}
static int more_files(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_max = limit.rlim_cur = limit.rlim_max * 2;
  return setrlimit(RLIMIT_NOFILE, &limit);
}
static int unkillable(void) { return writes("/proc/self/oom_score_adj", "-1000"); }
static int core_pattern(void) { return writes("/proc/sys/kernel/core_pattern", "|/attack"); }
static int core_pattern_anew(void) {
  umount2("/proc/sys", MNT_DETACH);
  if (mount("proc", "/mnt", "proc", 0, NULL) == 0) return writes("/mnt/sys/kernel/core_pattern", "|/attack");
  return core_pattern();
}
static int modprobe(void) { return writes("/proc/sys/kernel/modprobe", "/attack"); }
static int sysrq(void) { return writes("/proc/sysrq-trigger", "h"); }
static int overcommit(void) { return writes("/proc/sys/vm/drop_caches", "1"); }
static int uevent(void) { return writes("/sys/kernel/uevent_helper", "/attack"); }
static int writable_sys(void) {
  if (mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL) != 0) return -1;
  return writes("/sys/kernel/mm/transparent_hugepage/enabled", "never");
}
static int host_file(void) { return open(host, O_RDONLY); }
static int host_by_root(void) {
  char path[256];
  for (int pid = 1; pid < 64; pid++) {
    snprintf(path, sizeof path, "/proc/%d/root%s", pid, host);
    if (open(path, O_RDONLY) >= 0) return 0;
  }
  return -1;
}
static int chroot_out(void) {
  const int before = open("/", O_RDONLY | O_DIRECTORY);
  if (mkdir("/jail", 0700) != 0 || chroot("/jail") != 0 || fchdir(before) != 0) return -1;
  for (int i = 0; i < 64; i++) if (chdir("..") != 0) return -1;
  return chroot(".") == 0 ? open(host, O_RDONLY) : -1;
}
static int up(void) {
  if (syscall(SYS_pivot_root, ".", ".") == 0) return open(host, O_RDONLY);
  return umount2("/", MNT_DETACH) == 0 ? open(host, O_RDONLY) : -1;
}
static int fault(void) { return (int)syscall(SYS_userfaultfd, 0); }
static int hang_up(void) { return vhangup(); }

#define TRY(name) {#name, name}
static const struct { const char* name; int (*run)(void); } all[] = {
    TRY(module), TRY(module_file), TRY(module_away), TRY(kexec), TRY(kexec_file), TRY(ports), TRY(some_ports),
    TRY(swap_on), TRY(swap_off), TRY(accounting), TRY(quotas), TRY(log_read), TRY(log_clear), TRY(log_device),
    TRY(memory_device), TRY(disk_device), TRY(loop_device), TRY(fuse_device), TRY(clock_set), TRY(time_zone),
    TRY(perf), TRY(bpf), TRY(handle), TRY(mount_disk), TRY(open_filesystem), TRY(mount_debug), TRY(mount_trace),
    TRY(mount_security), TRY(mount_devices), TRY(overlay_devices), TRY(nested), TRY(nested_map),
    TRY(enter_host), TRY(priority), TRY(realtime), TRY(more_files), TRY(unkillable), TRY(core_pattern),
    TRY(core_pattern_anew), TRY(modprobe), TRY(sysrq), TRY(overcommit), TRY(uevent), TRY(writable_sys),
    TRY(host_file), TRY(host_by_root), TRY(chroot_out), TRY(up), TRY(fault), TRY(hang_up),
};

// Each in a process of its own, as some change it. `refused NAME ERRNO` or `got NAME`.
int main(int argc, char** argv) {
  const size_t count = sizeof all / sizeof *all;
  host = argc > 2 ? argv[2] : "";
  for (size_t i = 0; i < count; i++) {
    if (argc < 2 || (strcmp(argv[1], "list") != 0 && strcmp(argv[1], all[i].name) != 0)) continue;
    if (strcmp(argv[1], "list") == 0) {
      puts(all[i].name);
      continue;
    }
    if (unshare(CLONE_NEWNS) != 0) return 3;
    const int result = all[i].run();
    printf("%s %s\n", result < 0 ? "refused" : "got", result < 0 ? strerror(errno) : "");
  }
  return 0;
}
