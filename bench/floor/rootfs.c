// Mounts a container's root before the time of those rows whose runtime does not do it by itself.
//   rootfs SOURCE TARGET FIRST_ID
// attaches an idmapped bind mount of SOURCE at TARGET, in the caller's mount namespace.
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: rootfs SOURCE TARGET FIRST_ID\n");
    return 2;
  }
  int made[2];
  char byte, path[64], line[64];
  if (pipe(made)) die("pipe");
  // A process whose only purpose is to hold the user namespace that carries the map.
  pid_t holder = fork();
  if (holder == 0) {
    if (unshare(CLONE_NEWUSER)) die("unshare");
    if (write(made[1], "", 1) != 1) die("write");
    pause();
    _exit(0);
  }
  if (holder < 0 || read(made[0], &byte, 1) != 1) die("holder");
  snprintf(line, sizeof line, "0 %s 65536\n", argv[3]);
  snprintf(path, sizeof path, "/proc/%d/uid_map", holder);
  if (write_at(AT_FDCWD, path, line)) die(path);
  snprintf(path, sizeof path, "/proc/%d/gid_map", holder);
  if (write_at(AT_FDCWD, path, line)) die(path);

  snprintf(path, sizeof path, "/proc/%d/ns/user", holder);
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[1], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_NODEV,
                            .userns_fd = (uint64_t)open(path, O_RDONLY | O_CLOEXEC)};
  if (tree < 0) die(argv[1]);
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof attr)) die("mount_setattr");
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, argv[2], MOVE_MOUNT_F_EMPTY_PATH)) die(argv[2]);
  kill(holder, SIGKILL);
  waitpid(holder, NULL, 0);
  return 0;
}
