#include "keeper/notify.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/retry.h"

namespace keeper {
namespace {

void take_in(std::string_view text, std::optional<std::string>& ready) {
  bool said_ready = false;
  std::string status;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line == "READY=1") said_ready = true;
    if (line.starts_with("STATUS=")) status = line.substr(7, 128);
  }
  if (!said_ready) return;
  std::erase_if(status, [](char c) { return c < ' ' || c > '~'; });
  ready = status;
}

}  // namespace

base::Result<base::UniqueFd> listen_notify(const std::string& path, uid_t owner) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::SysError{ENAMETOOLONG, "bind", path};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  base::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::last_error("socket");
  ::unlink(path.c_str());
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::umask(mask);
  if (bound != 0) return base::last_error("bind", path);
  if (::chown(path.c_str(), owner, static_cast<gid_t>(-1)) != 0) {
    return base::last_error("chown", path);
  }
  return fd;
}

Notice read_notify(int socket) {
  Notice notice;
  std::array<char, 4096> text;
  iovec vector{text.data(), text.size()};
  // The guest may send without end; what is left waits for the next turn of the loop.
  for (int i = 0; i < 16; i++) {
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    const ssize_t got =
        base::retry([&] { return ::recvmsg(socket, &header, MSG_PEEK | MSG_DONTWAIT); });
    if (got < 0) return notice;
    // For want of a buffer we get none of them, and are told so.
    if ((header.msg_flags & MSG_CTRUNC) != 0) {
      notice.descriptors = true;
      return notice;
    }
    take_in({text.data(), static_cast<size_t>(got)}, notice.ready);
    base::retry([&] { return ::recv(socket, nullptr, 0, MSG_DONTWAIT); });
  }
  notice.more = true;
  return notice;
}

}  // namespace keeper
