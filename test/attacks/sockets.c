// What a guest says to the sockets that it can reach. The first argument says what.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char* path = "/run/host/notify";

static int to_notify(struct sockaddr_un* address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
}

static ssize_t say(const void* bytes, size_t size) {
  struct sockaddr_un address;
  static int fd = -1;
  if (fd < 0) fd = to_notify(&address);
  to_notify(&address);
  return sendto(fd, bytes, size, 0, (struct sockaddr*)&address, sizeof address);
}

static int garbage(void) {
  char* large = calloc(1, 200000);
  const char* forged[] = {"MAINPID=1", "ERRNO=5", "FDSTORE=1\nFDNAME=x", "STATUS=\x1b[2J", "READY=0",
                          "READY=1READY=1", "WATCHDOG=trigger", "BARRIER=1", "", "\n\n\n", "=", "READY=1\0"};
  for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) say(forged[i], strlen(forged[i]));
  for (size_t size = 1; size < 200000; size *= 2) say(large, size);
  memset(large, '\n', 200000);
  say(large, 4096);
  memset(large, 0xff, 200000);
  say(large, 65536);
  puts("said");
  return 0;
}

enum { kCount = 250 };

// So many times as can be sent.
static int pass_on(int mine) {
  struct sockaddr_un address;
  const int fd = to_notify(&address);
  union { struct cmsghdr head; char bytes[CMSG_SPACE(kCount * sizeof(int))]; } control;
  char text[] = "FDSTORE=1";
  struct iovec part = {text, sizeof text - 1};
  struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1,
                           .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(kCount * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  for (int i = 0; i < kCount; i++) memcpy(CMSG_DATA(&control.head) + i * sizeof mine, &mine, sizeof mine);
  int sent = 0;
  for (int i = 0; i < 20; i++) sent += sendmsg(fd, &message, 0) > 0;
  return sent;
}

static int descriptors(void) {
  printf("%d\n", pass_on(open("/dev/null", O_RDWR)) > 0);
  return 0;
}

// Of a connection that takes no more: who closes it last waits for as long as it says.
static int lingering(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int mine = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, size) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &size) != 0 ||
      connect(mine, (struct sockaddr*)&address, size) != 0) {
    puts(strerror(errno));
    return 1;
  }
  const int other = accept(listener, NULL, NULL);
  const struct linger linger = {.l_onoff = 1, .l_linger = 1000};
  setsockopt(mine, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  static char block[65536];
  while (send(mine, block, sizeof block, MSG_DONTWAIT) > 0) {
  }
  const int sent = pass_on(mine);
  if (fork() == 0) {  // the other end stays
    setsid();
    for (int i = 0; i < 3; i++) close(i);
    close(mine);
    sleep(1000);
    _exit(other);
  }
  printf("%d\n", sent > 0);
  return 0;
}

static int flood(int seconds) {
  long said = 0;
  for (const time_t end = time(NULL) + seconds; time(NULL) < end; said++) say("STATUS=x", 8);
  printf("%ld\n", said);
  return 0;
}

// liblxc's monitors listen at abstract names of their host's network namespace.
static int abstract(const char* name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const size_t size = strlen(name);
  memcpy(address.sun_path + 1, name, size < 106 ? size : 106);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const socklen_t length = (socklen_t)(sizeof address.sun_family + 1 + size);
  const int failed = connect(fd, (struct sockaddr*)&address, length);
  puts(failed == 0 ? "connected" : strerror(errno));
  return 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "garbage") == 0) return garbage();
  if (strcmp(what, "descriptors") == 0) return descriptors();
  if (strcmp(what, "lingering") == 0) return lingering();
  if (strcmp(what, "flood") == 0) return flood(atoi(argv[2]));
  if (strcmp(what, "ready") == 0) return say("READY=1\nSTATUS=\x1b[31mforged\n", 26) > 0 ? 0 : 1;
  if (strcmp(what, "abstract") == 0) return abstract(argv[2]);
  return 2;
}
