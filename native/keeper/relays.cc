#include "keeper/relays.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/retry.h"
#include "keeper/channel.h"
#include "keeper/relay.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {
constexpr uint64_t kEndMs = 100;  // for all of them
}

std::optional<bool> Relay::done() const {
  const auto received = receive(socket.get());
  if (!received.ok() && received.error().errnum == EAGAIN) return {};
  return received.ok() && received->bytes == kRelayed;
}

base::Status Relay::resize(const winsize& size) const {
  return send(socket.get(), window_message(size));
}

void Relay::end_input() const {
  (void)send(socket.get(), kNoInput);
}

Relays::Relays(Loop& loop, const cgroup::Hierarchies& hierarchies)
    : loop_(loop), spare_(loop, hierarchies, run_relay) {}

Relays::~Relays() {
  for (const auto& [pid, child] : children_) {
    (void)ns::pidfd_send_signal(child.pid_fd.get(), SIGKILL);
  }
  const uint64_t end = Loop::now_ms() + kEndMs;
  for (const auto& [pid, child] : children_) {
    pollfd ended{.fd = child.pid_fd.get(), .events = POLLIN, .revents = 0};
    if (base::retry([&] { return ::poll(&ended, 1, Loop::ms_until(end)); }) == 1)
      ::waitpid(pid, nullptr, WNOHANG);
  }
}

base::Result<Relay> Relays::begin(std::string_view streams, const std::vector<int>& fds) {
  if (idle_) {
    Relay relay = *std::exchange(idle_, {});
    // Somebody may have killed it.
    if (send(relay.socket.get(), streams, fds).ok()) return relay;
  }
  auto child = spare_.begin(streams, fds, Spare::Where::kAnywhere);
  spare_.refill();
  if (!child.ok()) return std::move(child.error());
  wait_for(child->pid, {std::move(child->pid_fd)});
  return Relay{std::move(child->socket), child->pid};
}

void Relays::give_back(Relay relay) {
  idle_ = std::move(relay);  // the one before it ends
}

void Relays::leave(Relay relay, const std::string& container) {
  relay.end_input();
  const auto child = children_.find(relay.pid);
  if (child != children_.end()) child->second.left_by = container;
}

bool Relays::too_many_left(const std::string& container) const {
  return std::count_if(children_.begin(), children_.end(), [&](const auto& child) {
           return child.second.left_by == container;
         }) >= kMaxLeft;
}

void Relays::drop(base::UniqueFd fd) {
  auto child = spare_.begin(kNothing, {fd.get()}, Spare::Where::kAnywhere);
  spare_.refill();
  // Nobody waits for one that stays open.
  if (!child.ok()) return void(fd.release());
  fd.reset();  // before the child may end: the last close is its own
  child->socket.reset();
  wait_for(child->pid, {std::move(child->pid_fd)});
}

void Relays::wait_for(pid_t pid, Child child) {
  const int fd = child.pid_fd.get();
  children_[pid] = std::move(child);
  loop_.watch(fd, EPOLLIN, [this, pid, fd](uint32_t) {
    base::retry([&] { return ::waitpid(pid, nullptr, 0); });
    loop_.forget(fd);
    children_.erase(pid);
  });
}

void Relays::hand_over(Handover& to) {
  spare_.dismiss();
  for (const auto& [pid, child] : children_) {
    Writer frame(Kind::SESSION_OPEN, 0);
    frame.number(Tag::PID, static_cast<uint64_t>(pid)).put(Tag::ID, child.left_by);
    to.give(frame, child.pid_fd);
    to.put(frame);
  }
}

void Relays::take_over(const Takeover& from) {
  for (const Message& message : from.all()) {
    if (message.kind != Kind::SESSION_OPEN) continue;
    auto pid_fd = Given(message.fields).take();
    if (!pid_fd.valid()) continue;
    wait_for(static_cast<pid_t>(message.fields.number(Tag::PID)),
             {std::move(pid_fd), message.fields.str(Tag::ID)});
  }
}

}  // namespace keeper
