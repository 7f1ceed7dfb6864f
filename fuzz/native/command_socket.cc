// What comes back over liblxc's command socket, from a peer that answers anything: the bytes of the
// input, with as many descriptors as its first byte says.

#include "keeper/command_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <optional>

#include "base/fd.h"
#include "target.h"

namespace {

int listener() {
  static const int made = [] {
    const std::string name = "/fuzz/" + std::to_string(::getpid()) + "/command";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(fd, 8) == 0);
    return fd;
  }();
  return made;
}

void answer(int socket, fuzz::Input& input) {
  const size_t count = input.byte() % 5;
  const std::string_view bytes = input.rest().substr(0, 4096);
  std::array<int, 4> fds{};
  for (size_t i = 0; i < count; i++) fds[i] = STDERR_FILENO;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
  iovec vector{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  if (count > 0) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int) * count);
    std::memcpy(CMSG_DATA(item), fds.data(), sizeof(int) * count);
  }
  CHECK(::sendmsg(socket, &header, MSG_NOSIGNAL) >= 0);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int listening = listener();
  const size_t before = fuzz::open_descriptors();
  {
    keeper::Loop loop;
    std::optional<bool> got;
    keeper::CommandSocket::get_terminal(loop, "/fuzz", std::to_string(::getpid()), 0,
                                        [&](base::Result<base::UniqueFd> terminal, base::UniqueFd) {
                                          got = terminal.ok();
                                          CHECK(!terminal.ok() || terminal->valid());
                                          loop.stop();
                                        });
    const base::UniqueFd peer(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(peer.valid());
    fuzz::Input input(data, size);
    answer(peer.get(), input);
    CHECK(::shutdown(peer.get(), SHUT_WR) == 0);
    if (!got) loop.run();
    CHECK(got.has_value());
  }
  CHECK(fuzz::open_descriptors() == before);
  return 0;
}
