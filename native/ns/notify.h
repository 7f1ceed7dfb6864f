// One message to a service manager that waits for it: a datagram to the socket that it names,
// sd_notify(3).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/retry.h"

namespace ns {

// `address` as in $NOTIFY_SOCKET: a path, or @ and an abstract name. Does not wait for a reader.
inline base::Status notify(const std::string& address, const std::string& text) {
  struct sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  if (address.empty() || address.size() >= sizeof(to.sun_path)) {
    return base::SysError{ENAMETOOLONG, "sendto", address};
  }
  std::memcpy(to.sun_path, address.data(), address.size());
  if (address[0] == '@') to.sun_path[0] = '\0';
  // An abstract name has no end but its length.
  const socklen_t length = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) +
                                                  address.size() + (address[0] == '@' ? 0 : 1));
  base::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::last_error("socket");
  const auto sent = base::retry([&] {
    return ::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const struct sockaddr*>(&to), length);
  });
  if (sent < 0) return base::last_error("sendto", address);
  return base::success();
}

}  // namespace ns
