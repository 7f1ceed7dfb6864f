#include "keeper/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "base/retry.h"
#include "keeper/message.h"

namespace keeper {
namespace {

// sun_path holds 108 bytes; a longer path is reached through a descriptor of its directory.
struct Address {
  sockaddr_un address{};
  base::UniqueFd directory;
};

base::Result<Address> address_of(const std::string& path) {
  Address result;
  result.address.sun_family = AF_UNIX;
  std::string name = path;
  if (name.size() >= sizeof(result.address.sun_path)) {
    const size_t slash = path.rfind('/');
    result.directory.reset(::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!result.directory.valid()) return base::last_error("open", path);
    name = "/proc/self/fd/" + std::to_string(result.directory.get()) + path.substr(slash);
    if (name.size() >= sizeof(result.address.sun_path)) {
      return base::SysError{ENAMETOOLONG, "bind", path};
    }
  }
  std::memcpy(result.address.sun_path, name.c_str(), name.size());
  return result;
}

base::Result<base::UniqueFd> seqpacket() {
  base::UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::last_error("socket");
  const int size = 1024 * 1024;  // FORCE passes net.core.wmem_max; without the right to, keep it
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }
  return fd;
}

}  // namespace

base::Result<Received> receive(int socket) {
  bool bare = false;
  auto received = receive(socket, bare);
  if (bare) return base::SysError{EMFILE, "recvmsg", ""};
  return received;
}

base::Result<Received> receive(int socket, bool& bare) {
  Received result;
  // On the stack: on the heap it would be memory that every monitor forked since inherits.
  std::array<char, kMaxJob> frame;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control;
  iovec vector{frame.data(), frame.size()};
  msghdr header{};
  const auto take = [&] {
    header = {};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    return ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  };
  ssize_t got = base::retry(take);
  // Of a peer that has closed without reading all, that is told first, and once: sock_error() in
  // __skb_try_recv_datagram(). What it said before is still there.
  if (got < 0 && errno == ECONNRESET) got = base::retry(take);
  // Linux looks for a message first, and then whether the peer has closed (unix_dgram_recvmsg()):
  // one that came between the two, as its last word, is still there.
  if (got == 0 && header.msg_controllen == 0) got = base::retry(take);
  if (got < 0) return base::last_error("recvmsg");
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(item) + i * sizeof(int), sizeof fd);
      result.fds.emplace_back(fd);
    }
  }
  if ((header.msg_flags & MSG_TRUNC) != 0) return base::SysError{EMSGSIZE, "recvmsg", ""};
  bare = (header.msg_flags & MSG_CTRUNC) != 0;
  if (bare) result.fds.clear();
  result.bytes.assign(frame.data(), static_cast<size_t>(got));
  return result;
}

base::Status send(int socket, std::string_view frame, const std::vector<int>& fds) {
  if (frame.size() > kMaxJob || fds.size() > kMaxDescriptors) {
    return base::SysError{EMSGSIZE, "sendmsg", ""};
  }
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control{};
  iovec vector{const_cast<char*>(frame.data()), frame.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(item), fds.data(), sizeof(int) * fds.size());
  }
  const ssize_t put =
      base::retry([&] { return ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL); });
  if (put < 0) return base::last_error("sendmsg");
  return base::success();
}

base::Result<base::UniqueFd> listen_at(const std::string& path) {
  auto fd = seqpacket();
  if (!fd.ok()) return fd;
  auto address = address_of(path);
  if (!address.ok()) return std::move(address.error());
  // The caller holds the host's lock: whoever made this socket is gone.
  ::unlink(path.c_str());
  const mode_t mask = ::umask(0177);
  const int bound =
      ::bind(fd->get(), reinterpret_cast<sockaddr*>(&address->address), sizeof address->address);
  ::umask(mask);
  if (bound != 0) return base::last_error("bind", path);
  if (::listen(fd->get(), 16) != 0) return base::last_error("listen", path);
  return fd;
}

base::Result<base::UniqueFd> connect_to(const std::string& path) {
  auto fd = seqpacket();
  if (!fd.ok()) return fd;
  auto address = address_of(path);
  if (!address.ok()) return std::move(address.error());
  if (::connect(fd->get(), reinterpret_cast<sockaddr*>(&address->address),
                sizeof address->address) != 0) {
    return base::last_error("connect", path);
  }
  return fd;
}

base::Result<uid_t> peer_uid(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return base::last_error("getsockopt");
  }
  return peer.uid;
}

base::Status take_error(int socket) {
  int errnum = 0;
  socklen_t size = sizeof errnum;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &errnum, &size) != 0) {
    return base::last_error("getsockopt");
  }
  if (errnum != 0) return base::SysError{errnum, "read"};
  return base::success();
}

}  // namespace keeper
