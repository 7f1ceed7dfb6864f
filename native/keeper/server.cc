#include "keeper/server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstring>

#include "keeper/channel.h"

namespace keeper {
namespace {
constexpr uint64_t kRetryMs = 100;
}

Server::Server(Loop& loop, Log& log, base::UniqueFd listener, Handle handle, Gone gone)
    : loop_(loop),
      log_(log),
      listener_(std::move(listener)),
      handle_(std::move(handle)),
      gone_(std::move(gone)) {
  loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) { accept(); });
}

void Server::accept() {
  base::UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) {
    if (errno == EMFILE || errno == ENFILE) wait_for_descriptors();
    return;
  }
  const auto uid = peer_uid(socket.get());
  // The socket's mode keeps others out; this holds even when somebody widened it.
  if (!uid.ok() || *uid != 0 || clients_.size() == kMaxClients) {
    log_.line("refused a client: %s", uid.ok() && *uid != 0 ? "not root" : "too many");
    return;
  }
  const uint64_t id = next_++;
  const int fd = socket.get();
  clients_[id].socket = std::move(socket);
  loop_.watch(fd, EPOLLIN, [this, id](uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush(id);
    if ((events & ~EPOLLOUT) != 0) readable(id);
  });
}

// A client that cannot be accepted would be reported again and again.
void Server::wait_for_descriptors() {
  loop_.forget(listener_.get());
  loop_.after(kRetryMs,
              [this] { loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) { accept(); }); });
}

void Server::readable(uint64_t id) {
  // A bounded number a turn, so that one busy client does not starve the monitors.
  for (int turn = 0; turn < 32; turn++) {
    const auto it = clients_.find(id);
    if (it == clients_.end()) return;
    auto received = receive(it->second.socket.get());
    if (!received.ok()) {
      if (received.error().errnum != EAGAIN) drop(id, std::strerror(received.error().errnum));
      return;
    }
    if (received->bytes.empty()) return drop(id, nullptr);
    const auto message =
        received->bytes.size() > kMaxFrame ? std::nullopt : Message::parse(received->bytes);
    if (!message) return drop(id, "malformed frame");
    const Request request(
        message->id, id,
        [this, id](std::string_view frame, const std::vector<int>& fds) { send(id, frame, fds); });
    handle_(*message, request);
  }
}

void Server::send(uint64_t id, std::string_view frame, const std::vector<int>& fds) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  Client& client = it->second;
  if (client.outbox.empty()) {
    const auto sent = keeper::send(client.socket.get(), frame, fds);
    if (sent.ok()) return;
    if (sent.error().errnum != EAGAIN) return drop(id, std::strerror(sent.error().errnum));
  }
  if (client.outbox.size() == kMaxOutbox) return drop(id, "does not read");
  Frame kept{std::string(frame), {}};
  for (const int fd : fds) kept.fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  client.outbox.push_back(std::move(kept));
  loop_.watch(client.socket.get(), EPOLLIN | EPOLLOUT, [this, id](uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush(id);
    if ((events & ~EPOLLOUT) != 0) readable(id);
  });
}

void Server::flush(uint64_t id) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  Client& client = it->second;
  while (!client.outbox.empty()) {
    std::vector<int> fds;
    for (const auto& fd : client.outbox.front().fds) fds.push_back(fd.get());
    const auto sent = keeper::send(client.socket.get(), client.outbox.front().bytes, fds);
    if (!sent.ok()) {
      if (sent.error().errnum != EAGAIN) drop(id, std::strerror(sent.error().errnum));
      return;
    }
    client.outbox.pop_front();
  }
  loop_.watch(client.socket.get(), EPOLLIN, [this, id](uint32_t events) {
    if ((events & ~EPOLLOUT) != 0) readable(id);
  });
}

void Server::drop(uint64_t id, const char* why) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  if (why != nullptr) log_.line("client %llu dropped: %s", (unsigned long long)id, why);
  loop_.forget(it->second.socket.get());
  clients_.erase(it);
  gone_(id);
}

void Server::subscribe(uint64_t id) {
  const auto it = clients_.find(id);
  if (it != clients_.end()) it->second.subscribed = true;
}

void Server::broadcast(std::string_view event) {
  std::vector<uint64_t> to;  // sending may drop a client
  for (const auto& [id, client] : clients_) {
    if (client.subscribed) to.push_back(id);
  }
  for (const uint64_t id : to) send(id, event);
}

}  // namespace keeper
