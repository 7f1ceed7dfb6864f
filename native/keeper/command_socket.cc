#include "keeper/command_socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/retry.h"

namespace keeper {
namespace {

constexpr int kGetTtyFd = 0;            // LXC_CMD_GET_TTY_FD
constexpr int kServeStateClients = 12;  // LXC_CMD_SERVE_STATE_CLIENTS
// A monitor is given up when it has let so many turns pass. All the time that a machine stands
// still, and its monitors with it, is in a single one of them.
constexpr uint64_t kTurnMs = 2000;
constexpr int kTurns = 15;
bool hurried = false;

// struct lxc_cmd_req and lxc_cmd_rsp: native layout on both sides.
struct LxcRequest {
  int cmd;
  int datalen;
  const void* data;
};
struct LxcResponse {
  int ret;
  int datalen;
  void* data;
};

class Pending {
 public:
  Pending() { count++; }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { count--; }
  static inline int count = 0;
};

// FNV-1a, as liblxc shortens a name that does not fit into sun_path.
uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

std::string socket_name(const std::string& lxc_path, const std::string& id) {
  const std::string full = lxc_path + "/" + id;
  std::string name = full + "/command";
  if (name.size() + 2 < sizeof(sockaddr_un::sun_path)) return name;
  std::array<char, 32> hash;
  ::snprintf(hash.data(), hash.size(), "%016llx", static_cast<unsigned long long>(fnv1a(full)));
  return std::string("lxc/") + hash.data() + "/command";
}

base::Result<base::UniqueFd> connect_command(const std::string& lxc_path, const std::string& id) {
  const std::string name = socket_name(lxc_path, id);
  base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return base::last_error("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // abstract: begins with NUL
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    return base::last_error("connect", "@" + name);
  }
  return fd;
}

base::Status send_request(int fd, int command, int argument) {
  LxcRequest request{command, 0, reinterpret_cast<const void*>(static_cast<intptr_t>(argument))};
  ucred credentials{::getpid(), ::getuid(), ::getgid()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof credentials)> control{};
  iovec vector{&request, sizeof request};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_CREDENTIALS;
  item->cmsg_len = CMSG_LEN(sizeof credentials);
  std::memcpy(CMSG_DATA(item), &credentials, sizeof credentials);
  if (base::retry([&] { return ::sendmsg(fd, &header, MSG_NOSIGNAL); }) < 0) {
    return base::last_error("sendmsg");
  }
  return base::success();
}

base::Result<base::UniqueFd> read_response(int fd) {
  LxcResponse response{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec vector{&response, sizeof response};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t got = base::retry([&] { return ::recvmsg(fd, &header, MSG_CMSG_CLOEXEC); });
  base::UniqueFd terminal;
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    // CMSG_SPACE() rounds up: there is room for a second one, which would stay open.
    const size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(item) + i * sizeof number, sizeof number);
      base::UniqueFd received(number);
      if (!terminal.valid()) terminal = std::move(received);
    }
  }
  if (got < 0) return base::last_error("recvmsg");
  // Refused: somebody else has it (lxc-console), or there is no such terminal.
  if (!terminal.valid()) return base::SysError{EBUSY, "console", ""};
  return terminal;
}

// Who is asked. The connection is its own until there is an answer to be read, or too late.
struct Asked {
  base::UniqueFd fd;
  std::function<void(base::UniqueFd connection, bool answered)> then;
  Loop::Timer turn = 0;
  int turns = kTurns;
  Pending pending;
};

void settle(Loop& loop, Asked& asked, bool answered) {
  loop.forget(asked.fd.get());
  asked.then(std::move(asked.fd), answered);
}

void next_turn(Loop& loop, const std::shared_ptr<Asked>& asked) {
  asked->turn = loop.after(kTurnMs, [&loop, asked] {
    if (--asked->turns > 0 && !hurried) return next_turn(loop, asked);
    settle(loop, *asked, false);
  });
}

void await_answer(Loop& loop, base::UniqueFd fd,
                  std::function<void(base::UniqueFd connection, bool answered)> then) {
  auto asked = std::make_shared<Asked>();
  asked->fd = std::move(fd);
  asked->then = std::move(then);
  next_turn(loop, asked);
  loop.watch(asked->fd.get(), EPOLLIN, [&loop, asked](uint32_t) {
    loop.cancel(asked->turn);
    settle(loop, *asked, true);
  });
}

}  // namespace

void CommandSocket::get_terminal(Loop& loop, const std::string& lxc_path, const std::string& id,
                                 int tty, Answer answer) {
  auto connected = connect_command(lxc_path, id);
  if (!connected.ok()) return answer(std::move(connected.error()), {});
  if (auto sent = send_request(connected->get(), kGetTtyFd, tty); !sent.ok()) {
    return answer(std::move(sent.error()), {});
  }
  await_answer(loop, std::move(*connected),
               [answer = std::move(answer)](base::UniqueFd connection, bool answered) {
                 if (!answered) {
                   return answer(base::SysError{ETIMEDOUT, "recvmsg", "command socket"}, {});
                 }
                 auto terminal = read_response(connection.get());
                 answer(std::move(terminal), std::move(connection));
               });
}

void CommandSocket::tell_state(Loop& loop, const std::string& lxc_path, const std::string& id,
                               int state) {
  auto connected = connect_command(lxc_path, id);
  if (!connected.ok() || !send_request(connected->get(), kServeStateClients, state).ok()) return;
  // The monitor answers.
  await_answer(loop, std::move(*connected), [](const base::UniqueFd&, bool) {});
}

void CommandSocket::hurry(bool hurry) {
  hurried = hurry;
}

int CommandSocket::pending() {
  return Pending::count;
}

}  // namespace keeper
