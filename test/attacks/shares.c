// What all guests have of the host together, taken as far as it goes: `fill WHAT` says how much that
// was, and keeps it; `one WHAT` ends with 0 when there is one more.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Those that are kept by a descriptor.
static int open_one(const char* what) {
  if (strcmp(what, "instances") == 0) return inotify_init1(IN_CLOEXEC);
  if (strcmp(what, "terminals") == 0) return open("/dev/ptmx", O_RDWR | O_NOCTTY);
  errno = EINVAL;
  return -1;
}

// Stays when this process has ended, unless it is forgotten.
static int key_one(int forget) {
  static int number = 0;
  char name[32];
  char value[4096];
  memset(value, 'x', sizeof value);
  snprintf(name, sizeof name, "key%d.%d", (int)getpid(), number++);
  const long special = -4;  // KEY_SPEC_USER_KEYRING
  const long key = syscall(SYS_add_key, "user", name, value, sizeof value, special);
  const long unlink_key = 9;  // KEYCTL_UNLINK
  if (key >= 0 && forget) syscall(SYS_keyctl, unlink_key, key, special);
  return (int)key;
}

static int one(const char* what, int forget) {
  if (strcmp(what, "keys") == 0) return key_one(forget);
  return open_one(what);
}

static int spread(void) {
  if (mount("none", "/", NULL, MS_REC | MS_SHARED, NULL) != 0) return 1;
  if (mount("spread", "/mnt", "tmpfs", 0, NULL) != 0) return 2;
  if (mkdir("/mnt/etc", 0755) != 0) return 3;
  if (mount("/etc", "/mnt/etc", NULL, MS_BIND | MS_REC, NULL) != 0) return 4;
  return 0;
}

int main(int count, char** arguments) {
  const char* how = count > 1 ? arguments[1] : "";
  const char* what = count > 2 ? arguments[2] : "";
  if (strcmp(how, "spread") == 0) return spread();
  struct rlimit files = {0, 0};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (strcmp(how, "one") == 0) return one(what, 1) >= 0 ? 0 : 1;
  if (strcmp(how, "fill") != 0) return 2;
  int made = 0;
  while (one(what, 0) >= 0) made++;
  printf("%d %s\n", made, strerror(errno));
  fflush(stdout);
  for (;;) pause();
}
