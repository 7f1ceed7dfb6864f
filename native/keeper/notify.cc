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

std::optional<std::string> read_notify(int socket) {
  std::optional<std::string> ready;
  std::array<char, 4096> text;
  // The guest may send without end; what is left waits for the next turn of the loop.
  for (int i = 0; i < 16; i++) {
    // No control buffer: descriptors that a guest sends along are dropped by the kernel.
    const ssize_t got =
        base::retry([&] { return ::recv(socket, text.data(), text.size(), MSG_DONTWAIT); });
    if (got < 0) break;
    bool said_ready = false;
    std::string status;
    std::string_view rest(text.data(), static_cast<size_t>(got));
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line == "READY=1") said_ready = true;
      if (line.starts_with("STATUS=")) status = line.substr(7, 128);
    }
    if (!said_ready) continue;
    std::erase_if(status, [](char c) { return c < ' ' || c > '~'; });
    ready = status;
  }
  return ready;
}

}  // namespace keeper
