#include "keeper/server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

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
  watch_listener();
}

void Server::watch_listener() {
  loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) { accept(); });
}

void Server::watch_deleted(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (::inotify_add_watch(deleted_.get(), directory.c_str(), IN_DELETE | IN_MOVED_FROM) < 0) {
    log_.line("%s: nobody sees to it that it stays: %s", path.c_str(), std::strerror(errno));
  }
}

void Server::keep(const std::string& path, std::function<base::Status()> beside) {
  beside_ = std::move(beside);
  deleted_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!deleted_.valid()) {
    log_.line("%s: nobody sees to it that it stays: %s", path.c_str(), std::strerror(errno));
    return;
  }
  watch_deleted(path);
  loop_.watch(deleted_.get(), EPOLLIN, [this, path](uint32_t) {
    std::array<char, 4096> events;
    while (::read(deleted_.get(), events.data(), events.size()) > 0) {
    }
    make_again(path);
  });
  make_again(path);  // it may have gone before
}

void Server::make_again(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return;
  const auto later = [&] { loop_.after(kRetryMs, [this, path] { make_again(path); }); };
  if (!listens_) return later();
  base::Status made = beside_();
  auto again = made.ok() ? listen_at(path) : base::Result<base::UniqueFd>(std::move(made.error()));
  if (!again.ok()) {
    if (!std::exchange(unmade_, true)) {
      log_.line("%s: %s", path.c_str(), std::strerror(again.error().errnum));
    }
    return later();
  }
  unmade_ = false;
  log_.line("%s was deleted, and is there again", path.c_str());
  watch_deleted(path);  // another directory, where that was deleted as well
  while (accept()) {
  }
  loop_.forget(listener_.get());
  listener_ = std::move(*again);
  watch_listener();
}

bool Server::accept() {
  base::UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) {
    if (errno == EMFILE || errno == ENFILE) wait_for_descriptors();
    return false;
  }
  const auto uid = peer_uid(socket.get());
  // The socket's mode keeps others out; this holds even when somebody widened it.
  if (!uid.ok() || *uid != 0 || clients_.size() == kMaxClients) {
    log_.line("refused a client: %s", uid.ok() && *uid != 0 ? "not root" : "too many");
    return true;
  }
  const uint64_t id = next_++;
  clients_[id].socket = std::move(socket);
  watch(id);
  return true;
}

void Server::watch(uint64_t id) {
  const auto it = clients_.find(id);
  if (it == clients_.end() || !listens_) return;
  const uint32_t more = it->second.outbox.empty() ? 0U : EPOLLOUT;
  loop_.watch(it->second.socket.get(), EPOLLIN | more, [this, id](uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush(id);
    if ((events & ~EPOLLOUT) != 0) readable(id);
  });
}

void Server::listen(bool listen) {
  listens_ = listen;
  loop_.forget(listener_.get());
  if (listen) watch_listener();
  for (const auto& [id, client] : clients_) {
    // What hangs up meanwhile is noticed afterwards.
    listen ? watch(id) : loop_.forget(client.socket.get());
  }
}

Request Server::request_of(uint32_t id, uint64_t client) {
  return Request(id, client, [this, client](std::string_view frame, const std::vector<int>& fds) {
    send(client, frame, fds);
  });
}

// A client that cannot be accepted would be reported again and again.
void Server::wait_for_descriptors() {
  loop_.forget(listener_.get());
  loop_.after(kRetryMs, [this] {
    if (listens_) watch_listener();
  });
}

void Server::readable(uint64_t id) {
  // A bounded number a turn, so that one busy client does not starve the monitors.
  for (int turn = 0; turn < 32 && listens_; turn++) {
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
    handle_(*message, request_of(message->id, id), std::move(received->fds));
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
  watch(id);
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
  watch(id);
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

void Server::hand_over(Handover& to, Writer& keeper) const {
  to.give(keeper, listener_);
  keeper.number(Tag::CLIENT, next_);
  for (const auto& [id, client] : clients_) {
    Writer frame(Kind::SUBSCRIBE, 0);
    frame.number(Tag::CLIENT, id).number(Tag::DONE, client.subscribed ? 1 : 0);
    to.give(frame, client.socket);
    to.put(frame);
    for (const Frame& unsent : client.outbox) {
      Writer kept(Kind::REPLY, 0);
      kept.number(Tag::CLIENT, id).put(Tag::ITEM, unsent.bytes);
      for (const base::UniqueFd& fd : unsent.fds) to.give(kept, fd);
      to.put(kept);
    }
  }
}

void Server::take_over(const Takeover& from) {
  for (const Message& message : from.all()) {
    const Fields& fields = message.fields;
    const uint64_t id = fields.number(Tag::CLIENT);
    Given given(fields);
    if (message.kind == Kind::HELLO) next_ = id;
    if (message.kind == Kind::SUBSCRIBE) {
      clients_[id].socket = given.take();
      clients_[id].subscribed = fields.number(Tag::DONE) != 0;
    }
    if (message.kind == Kind::REPLY && clients_.contains(id)) {
      Frame unsent{fields.str(Tag::ITEM), {}};
      for (size_t i = fields.all(Tag::FD).size(); i > 0; i--) unsent.fds.push_back(given.take());
      clients_[id].outbox.push_back(std::move(unsent));
    }
  }
  for (const auto& [id, client] : clients_) watch(id);
}

}  // namespace keeper
