// Prints every fork and exec on the machine, as the kernel's proc connector tells them:
//
//   ready                                 events come from now on
//   fork PARENT CHILD                     processes, no threads
//   exec PROCESS PIDNS PROGRAM            PIDNS 0 and PROGRAM ? when it has ended meanwhile
//   lost                                  the kernel had more to tell than we could take
//   mark                                  all that happened before a line came on our input is told
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CPUS 4096

// The kernel numbers what happens on each processor: a number left out is an event lost.
static unsigned next_number[MAX_CPUS];
static char seen[MAX_CPUS];

static void fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int listen_to_kernel(void) {
  const int fd = socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
  if (fd < 0) fail("socket");
  const int size = 64 << 20;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) fail("SO_RCVBUFFORCE");
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) fail("bind");

  enum { kLength = sizeof(struct cn_msg) + sizeof(enum proc_cn_mcast_op) };
  union {
    struct nlmsghdr header;
    char space[NLMSG_SPACE(kLength)];
  } request;
  memset(&request, 0, sizeof request);
  request.header.nlmsg_len = NLMSG_LENGTH(kLength);
  request.header.nlmsg_type = NLMSG_DONE;
  struct cn_msg* message = NLMSG_DATA(&request.header);
  message->id.idx = CN_IDX_PROC;
  message->id.val = CN_VAL_PROC;
  message->len = sizeof(enum proc_cn_mcast_op);
  const enum proc_cn_mcast_op listen = PROC_CN_MCAST_LISTEN;
  memcpy(message->data, &listen, sizeof listen);
  if (send(fd, &request, request.header.nlmsg_len, 0) < 0) fail("send");
  return fd;
}

static void tell_exec(int process) {
  char path[64], program[4096] = "?";
  struct stat ns = {.st_ino = 0};
  snprintf(path, sizeof path, "/proc/%d/exe", process);
  const ssize_t length = readlink(path, program, sizeof program - 1);
  if (length > 0) program[length] = '\0';
  snprintf(path, sizeof path, "/proc/%d/ns/pid", process);
  if (stat(path, &ns) != 0) ns.st_ino = 0;
  printf("exec %d %lu %s\n", process, (unsigned long)ns.st_ino, program);
}

static void tell(const struct cn_msg* message) {
  // It stands unaligned behind its header.
  struct proc_event event;
  memset(&event, 0, sizeof event);
  memcpy(&event, message->data, message->len < sizeof event ? message->len : sizeof event);
  if (event.what == PROC_EVENT_NONE) {
    printf("ready\n");
    return;
  }
  if (event.cpu < MAX_CPUS) {
    if (seen[event.cpu] && message->seq != next_number[event.cpu]) printf("lost\n");
    seen[event.cpu] = 1;
    next_number[event.cpu] = message->seq + 1;
  }
  if (event.what == PROC_EVENT_FORK) {
    const struct fork_proc_event* fork = &event.event_data.fork;
    if (fork->child_pid == fork->child_tgid) {
      printf("fork %d %d\n", fork->parent_tgid, fork->child_tgid);
    }
  } else if (event.what == PROC_EVENT_EXEC) {
    tell_exec(event.event_data.exec.process_tgid);
  }
}

static void drain(int fd) {
  char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
  for (;;) {
    ssize_t length = recv(fd, buffer, sizeof buffer, 0);
    if (length < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      if (errno != ENOBUFS) fail("recv");
      printf("lost\n");
      continue;
    }
    struct nlmsghdr* header = (struct nlmsghdr*)buffer;
    for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
      if (header->nlmsg_type == NLMSG_DONE) tell(NLMSG_DATA(header));
    }
  }
}

int main(void) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  const int fd = listen_to_kernel();
  struct pollfd wait[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (;;) {
    if (poll(wait, 2, -1) < 0 && errno != EINTR) fail("poll");
    char line[64];
    const ssize_t asked = wait[1].revents != 0 ? read(0, line, sizeof line) : 1;
    // An event is queued before the call that it tells of returns.
    drain(fd);
    if (asked == 0) return 0;
    if (wait[1].revents != 0) printf("mark\n");
    fflush(stdout);
  }
}
