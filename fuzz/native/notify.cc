// Datagrams of a guest's init, each ended by a zero byte in the input.

#include "keeper/notify.h"

#include <sys/socket.h>

#include <array>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array<int, 2> ends = [] {
    std::array<int, 2> made{};
    CHECK(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, made.data()) == 0);
    return made;
  }();
  fuzz::Input input(data, size);
  bool said = false;
  while (!input.empty()) {
    const std::string_view datagram = input.piece();
    if (::send(ends[0], datagram.data(), datagram.size(), 0) < 0) break;
    said = said || ("\n" + std::string(datagram) + "\n").find("\nREADY=1\n") != std::string::npos;
  }
  const keeper::Notice notice = keeper::read_notify(ends[1]);
  CHECK(!notice.ready || said);
  CHECK(!notice.descriptors);
  if (notice.ready) {
    CHECK(notice.ready->size() <= 128);
    for (const char c : *notice.ready) CHECK(c >= ' ' && c <= '~');
  }
  std::array<char, 4096> rest;
  while (::recv(ends[1], rest.data(), rest.size(), 0) >= 0) {
  }
  return 0;
}
