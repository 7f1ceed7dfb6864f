// What a guest may do to those who enter it, and what a program tries that was let in. The first
// argument says what.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static ssize_t content(const char* path, char* text, size_t size) {
  const int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return -1;
  const ssize_t got = read(fd, text, size - 1);
  close(fd);
  if (got >= 0) text[got] = 0;
  return got;
}

// Where we are, and what is above.
static int above(const char* file) {
  char path[4096] = "", text[4096];
  const ssize_t size = readlink("/proc/self/cwd", path, sizeof path - 1);
  printf("%.*s\n", size < 0 ? 0 : (int)size, path);
  path[0] = 0;
  for (int i = 0; i < 30; i++) strcat(path, "../");
  strcat(path, file);
  if (content(path, text, sizeof text) > 0) printf("%s\n", text);
  return 0;
}

static int descriptors(void) {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == NULL) return 1;
  for (struct dirent* entry; (entry = readdir(directory));) {
    if (atoi(entry->d_name) != dirfd(directory) && entry->d_name[0] != '.') puts(entry->d_name);
  }
  return 0;
}

// Calls what it is given for each process that is born, as soon as it is there.
static void each_new(double seconds, void (*look)(int pid)) {
  for (const double end = now() + seconds; now() < end;) {
    char text[256];
    if (content("/proc/loadavg", text, sizeof text) <= 0) return;
    const int last = atoi(strrchr(text, ' ') + 1);
    for (int pid = last; pid <= last + 2; pid++) {
      if (pid != getpid()) look(pid);
    }
  }
}

static int looked, foreign;

static int is_keeper(int pid) {
  char path[64], target[256];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const ssize_t size = readlink(path, target, sizeof target - 1);
  if (size <= 0) return 0;
  target[size] = 0;
  looked++;
  return strstr(target, "keeper") != NULL;
}

// Opens the program of the host's for writing, by the process that runs it.
static void overwrite(int pid) {
  char path[64];
  if (!is_keeper(pid)) return;
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const int seen = open(path, O_PATH);
  snprintf(path, sizeof path, "/proc/self/fd/%d", seen);
  const int fd = open(path, O_WRONLY);
  if (fd >= 0 && write(fd, "#!/attack", 9) == 9) foreign++;
  if (fd >= 0) close(fd);
  if (seen >= 0) close(seen);
}

// Attaches to it, or reads its memory, while it is the host's.
static void trace(int pid) {
  char path[64], text[64];
  if (syscall(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0) == 0) {
    if (is_keeper(pid)) foreign++;
    syscall(SYS_ptrace, PTRACE_INTERRUPT, pid, 0, 0);
    syscall(SYS_ptrace, PTRACE_DETACH, pid, 0, 0);
    looked++;
  }
  for (const char** name = (const char*[]){"environ", "maps", "auxv", "stack", NULL}; *name; name++) {
    snprintf(path, sizeof path, "/proc/%d/%s", pid, *name);
    if (content(path, text, sizeof text) > 0 && is_keeper(pid)) foreign++;
  }
}

static void stop(int pid) {
  if (kill(pid, SIGSTOP) == 0) looked++;
}

static void end(int pid) {
  if (kill(pid, SIGKILL) == 0) looked++;
}

static int every(double seconds, void (*look)(int pid)) {
  each_new(seconds, look);
  printf("%d of %d\n", foreign, looked);
  return 0;
}

static int tiocsti(void) {
  const char* line = "echo pushed >/pushed\n";
  int pushed = 0;
  const int terminal = open("/dev/tty", O_RDWR);
  const int failed = errno;
  for (const char* c = line; *c; c++) {
    if (ioctl(0, TIOCSTI, c) == 0) pushed++;
    if (terminal >= 0 && ioctl(terminal, TIOCSTI, c) == 0) pushed++;
  }
  printf("%s %d\n", terminal >= 0 ? "terminal" : strerror(failed), pushed > 0);
  return 0;
}

static int keyring(void) {
  const long key = syscall(SYS_request_key, "user", "canary", NULL, 0);
  const long found =
      syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "canary", 0);
  char text[64] = "";
  if (key > 0) syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text - 1);
  if (found > 0) syscall(SYS_keyctl, KEYCTL_READ, found, text, sizeof text - 1);
  printf("%s\n", text);
  return 0;
}

// Of the host: a session keyring with a key in it, for the program that follows.
static int with_keyring(char** argv) {
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  const char* value = argv[0];
  if (syscall(SYS_add_key, "user", "canary", value, strlen(value), KEY_SPEC_SESSION_KEYRING) < 0) {
    return 1;
  }
  execv(argv[1], argv + 1);
  return 1;
}

// What those who enter take over from init.
static int limits(void) {
  const struct rlimit none = {0, 0};
  const int all[] = {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_STACK};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) prlimit(1, all[i], &none, NULL);
  return 0;
}

static int strange_init(void) {
  // The name is a line of proc_pid_status(5), which those who enter read.
  prctl(PR_SET_NAME, "x\nCapBnd:\t0");
  while (pause() < 0) {
  }
  return 0;
}

// Tells when somebody opens one of them.
static int watch(double seconds, char** paths) {
  const int fd = inotify_init1(IN_NONBLOCK);
  for (; *paths; paths++) {
    if (inotify_add_watch(fd, *paths, IN_OPEN | IN_ACCESS) < 0) return 1;
  }
  puts("watching");
  fflush(stdout);
  char events[4096];
  for (const double end = now() + seconds; now() < end; usleep(10000)) {
    if (read(fd, events, sizeof events) > 0) puts("opened");
  }
  return 0;
}

static int lease(const char* path, unsigned seconds) {
  const int fd = open(path, O_RDWR);
  signal(SIGIO, SIG_IGN);
  if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0) return 1;
  for (int i = 0; i < 3; i++) close(i);
  sleep(seconds);
  return 0;
}

// Holds the locks of its pipes: of what it prints while nothing comes from a socket, of what it is
// told while another one is full.
static int hold(void) {
  int silent[2], full[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, silent) != 0) return 1;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, full) != 0) return 1;
  if (fork() == 0) {
    char block[4096] = "";
    while (send(full[0], block, sizeof block, MSG_DONTWAIT) > 0) continue;
    while (splice(0, NULL, full[0], NULL, 65536, 0) > 0) continue;
    return 1;
  }
  if (write(1, "x", 1) != 1) return 1;
  return splice(silent[0], NULL, 1, NULL, 4096, 0) < 0;
}

// Where outputs are sent to be held: an abstract name.
static struct sockaddr_un holder_name = {.sun_family = AF_UNIX, .sun_path = "\0holder"};
enum { kHolderName = offsetof(struct sockaddr_un, sun_path) + sizeof "holder" };

union one_descriptor {
  struct cmsghdr head;
  char bytes[CMSG_SPACE(sizeof(int))];
};

// Holds the locks of outputs that it is sent, and outlives who has sent them.
static int holder(void) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (bind(fd, (struct sockaddr*)&holder_name, kHolderName) != 0) return 1;
  signal(SIGCHLD, SIG_IGN);
  if (write(1, "x", 1) != 1) return 1;
  for (;;) {
    union one_descriptor control;
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &message, 0) != 1) return 1;
    int output, silent[2];
    memcpy(&output, CMSG_DATA(&control.head), sizeof output);
    if (fork() == 0) {
      if (socketpair(AF_UNIX, SOCK_STREAM, 0, silent) != 0 || write(1, "x", 1) != 1) _exit(1);
      _exit(splice(silent[0], NULL, output, NULL, 4096, 0) < 0);
    }
    close(output);
  }
}

static int held(void) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0), output = 1;
  union one_descriptor control = {.head = {.cmsg_len = CMSG_LEN(sizeof output), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.head), &output, sizeof output);
  char byte = 0;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_name = &holder_name, .msg_namelen = kHolderName, .msg_iov = &part, .msg_iovlen = 1,
                           .msg_control = &control, .msg_controllen = sizeof control};
  if (sendmsg(fd, &message, 0) != 1) return 1;
  for (;;) pause();
}

// Ends, and leaves behind who keeps init from doing anything, and cares for no signal.
static int keep_init(void) {
  int told[2];
  if (pipe(told) != 0) return 1;
  if (fork() == 0) {
    setsid();
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    const int seized = syscall(SYS_ptrace, PTRACE_SEIZE, 1, 0, 0) == 0 &&
                       syscall(SYS_ptrace, PTRACE_INTERRUPT, 1, 0, 0) == 0;
    if (write(told[1], seized ? "held\n" : "none\n", 5) != 5) return 1;
    for (;;) pause();
  }
  char text[5];
  return read(told[0], text, sizeof text) != 5 || write(1, text, sizeof text) != 5;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  const double number = argc > 2 ? atof(argv[2]) : 0;
  if (strcmp(what, "above") == 0) return above(argv[2]);
  if (strcmp(what, "descriptors") == 0) return descriptors();
  if (strcmp(what, "overwrite") == 0) return every(number, overwrite);
  if (strcmp(what, "trace") == 0) return every(number, trace);
  if (strcmp(what, "stop") == 0) return every(number, stop);
  if (strcmp(what, "end") == 0) return every(number, end);
  if (strcmp(what, "tiocsti") == 0) return tiocsti();
  if (strcmp(what, "keyring") == 0) return keyring();
  if (strcmp(what, "with-keyring") == 0) return with_keyring(argv + 2);
  if (strcmp(what, "hold") == 0) return hold();
  if (strcmp(what, "holder") == 0) return holder();
  if (strcmp(what, "held") == 0) return held();
  if (strcmp(what, "keep-init") == 0) return keep_init();
  if (strcmp(what, "limits") == 0) return limits();
  if (strcmp(what, "strange-init") == 0) return strange_init();
  if (strcmp(what, "watch") == 0) return watch(number, argv + 3);
  if (strcmp(what, "lease") == 0) return lease(argv[3], (unsigned)number);
  return 2;
}
