#include "keeper/loop.h"

#include <sys/epoll.h>
#include <time.h>

#include <array>

namespace keeper {

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

uint64_t Loop::now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

int Loop::ms_until(uint64_t then) {
  const uint64_t now = now_ms();
  return then > now ? static_cast<int>(then - now) : 0;
}

void Loop::watch(int fd, uint32_t events, Handler handler) {
  // The generation keeps an event that epoll already returned for a closed descriptor
  // from reaching the watch that got the same number since.
  const uint64_t generation = next_++ & 0xffffffff;
  const bool known = watches_.contains(fd);
  watches_[fd] = Watch{generation, std::make_shared<Handler>(std::move(handler))};
  epoll_event event{};
  event.events = events;
  event.data.u64 = generation << 32 | static_cast<uint32_t>(fd);
  ::epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

void Loop::forget(int fd) {
  if (watches_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Loop::Timer Loop::after(uint64_t milliseconds, std::function<void()> call) {
  const Timer timer = next_++;
  timers_[{now_ms() + milliseconds, timer}] = std::move(call);
  return timer;
}

void Loop::cancel(Timer timer) {
  for (auto it = timers_.begin(); it != timers_.end(); ++it) {
    if (it->first.second == timer) {
      timers_.erase(it);
      return;
    }
  }
}

std::optional<uint64_t> Loop::left(Timer timer) const {
  const uint64_t now = now_ms();
  for (const auto& [due, call] : timers_) {
    if (due.second == timer) return due.first > now ? due.first - now : 0;
  }
  return std::nullopt;
}

int Loop::run_timers() {
  while (!timers_.empty()) {
    const auto first = timers_.begin();
    const uint64_t now = now_ms();
    if (first->first.first > now) return static_cast<int>(first->first.first - now);
    auto call = std::move(first->second);
    timers_.erase(first);
    call();
  }
  return -1;
}

void Loop::run() {
  std::array<epoll_event, 64> events;
  while (running_) {
    const int timeout = run_timers();
    if (!running_) return;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), timeout);
    for (int i = 0; i < count; i++) {
      const auto it = watches_.find(static_cast<int>(events[i].data.u64 & 0xffffffff));
      if (it == watches_.end() || it->second.generation != events[i].data.u64 >> 32) continue;
      const auto handler = it->second.handler;  // it may forget itself while it runs
      (*handler)(events[i].events);
    }
  }
}

}  // namespace keeper
