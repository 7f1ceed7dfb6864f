// The floor of a start: the same visible work as a container's start, by the bare system calls,
// each once and in a straight line.
//   start ROOTFS CGROUP FIRST_ID MEMORY_LIMIT
// prints "BEGIN PID": nanoseconds of CLOCK_MONOTONIC at the request, and the container's init.
#include <linux/sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "inside.h"

static void make_cgroups(const char* path, const char* memory_limit) {
  // What liblxc's stock configuration lets a container open.
  static const char* const devices[] = {"c *:* m",   "b *:* m",   "c 1:3 rwm",  "c 1:5 rwm",
                                        "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",  "c 5:0 rwm",
                                        "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm"};
  for (int i = 0; i < hierarchy_count; i++) {
    struct hierarchy* h = &hierarchies[i];
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", h->mountpoint, path);
    if (mkdir(whole, 0755)) die(whole);
    h->dir = open(whole, O_DIRECTORY | O_CLOEXEC);
    if (h->dir < 0) die(whole);
    if (has_controller(h, "memory") && write_at(h->dir, "memory.limit_in_bytes", memory_limit))
      die("memory.limit_in_bytes");
    if (!h->options[0] && write_at(h->dir, "memory.max", memory_limit) && errno != ENOENT)
      die("memory.max");
    if (has_controller(h, "devices")) {
      if (write_at(h->dir, "devices.deny", "a")) die("devices.deny");
      for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
        if (write_at(h->dir, "devices.allow", devices[d])) die("devices.allow");
    }
  }
}

static int idmapped(const char* rootfs, pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  int user = open(path, O_RDONLY | O_CLOEXEC);
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, rootfs, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_NODEV,
                            .userns_fd = (uint64_t)user};
  if (user < 0 || tree < 0) die(rootfs);
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof attr)) die("mount_setattr");
  close(user);
  return tree;
}

// The terminal that the guest sees as its console. Its other end would be a monitor's to hold.
static int make_console(uid_t owner) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0;
  if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock)) die("/dev/ptmx");
  int terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || fchown(terminal, owner, owner)) die("TIOCGPTPEER");
  int tree = (int)syscall(SYS_open_tree, terminal, "",
                          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  if (tree < 0) die("open_tree");
  return tree;
}

static void write_map(pid_t pid, const char* name, const char* first_id) {
  char path[64], line[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  snprintf(line, sizeof line, "0 %s 65536\n", first_id);
  if (write_at(AT_FDCWD, path, line)) die(path);
}

// One message says that maps and cgroups are there, and carries the root.
static void pass(int socket, int fd) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
  struct iovec one = {"", 1};
  struct msghdr message = {
      .msg_iov = &one, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  if (sendmsg(socket, &message, 0) < 0) die("sendmsg");
}

static int receive(int socket) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  char byte;
  int fd;
  struct iovec one = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &one, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0 || !message.msg_controllen) die("recvmsg");
  memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
  return fd;
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: start ROOTFS CGROUP FIRST_ID MEMORY_LIMIT\n");
    return 2;
  }
  const char *rootfs = argv[1], *cgroup = argv[2], *first_id = argv[3], *limit = argv[4];
  find_hierarchies();
  make_parents(cgroup);

  int64_t begin = now_ns();
  make_cgroups(cgroup, limit);
  int console = make_console((uid_t)strtoul(first_id, NULL, 10));
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) die("socketpair");
  struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
                                     CLONE_NEWIPC | CLONE_NEWNET,
                            .exit_signal = SIGCHLD};
  pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) die("clone3");
  if (pid == 0) {
    close(sockets[0]);  // else the end of a parent that failed would go unseen
    int fd = receive(sockets[1]);
    const char* name = strrchr(cgroup, '/');
    become_container(fd, console, rootfs, name ? name + 1 : cgroup);
  }
  write_map(pid, "uid_map", first_id);
  write_map(pid, "gid_map", first_id);
  join(pid);
  pass(sockets[0], idmapped(rootfs, pid));
  printf("%lld %d\n", (long long)begin, pid);
  return 0;
}
