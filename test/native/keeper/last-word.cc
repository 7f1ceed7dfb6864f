// A peer that says its last word, and closes, while we read: after the kernel has looked for a
// message, and before it looks whether the peer is there. And one that closes without having read
// what we have said.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "keeper/channel.h"

static int peer = -1;

static void say_last() {
  (void)keeper::send(peer, "last word", {0});
  ::close(std::exchange(peer, -1));
}

extern "C" ssize_t recvmsg(int socket, msghdr* header, int flags) {
  const ssize_t got = ::syscall(SYS_recvmsg, socket, header, flags);
  if (got >= 0 || errno != EAGAIN || peer < 0) return got;
  say_last();
  header->msg_controllen = 0;
  header->msg_flags = 0;
  return 0;
}

static bool hear(bool unread) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()) != 0) return false;
  peer = ends[1];
  if (unread) {
    if (!keeper::send(ends[0], "not read").ok()) return false;
    say_last();
  }
  for (int i = 0; i < 2; i++) {
    const auto received = keeper::receive(ends[0]);
    if (!received.ok()) return false;
    std::printf("%s, %zu\n", received->bytes.c_str(), received->fds.size());
  }
  return ::close(ends[0]) == 0;
}

int main() {
  return hear(false) && hear(true) ? 0 : 2;
}
