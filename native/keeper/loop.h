// The keeper's only wait: epoll over every descriptor it owns, and timers.
// A handler may add and remove any watch, its own included.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/fd.h"

namespace keeper {

class Loop {
 public:
  using Handler = std::function<void(uint32_t events)>;
  using Timer = uint64_t;

  Loop();
  // The caller keeps the descriptor, and calls forget() before it closes it.
  void watch(int fd, uint32_t events, Handler handler);
  void forget(int fd);
  Timer after(uint64_t milliseconds, std::function<void()> call);
  void cancel(Timer timer);
  // Milliseconds until it is due; nothing when it does not run.
  [[nodiscard]] std::optional<uint64_t> left(Timer timer) const;
  void run();
  void stop() { running_ = false; }

  static uint64_t now_ms();
  // For poll(2): how long it is until then.
  static int ms_until(uint64_t then);

 private:
  struct Watch {
    uint64_t generation;
    std::shared_ptr<Handler> handler;
  };
  int run_timers();  // returns the milliseconds until the next one, -1 when there is none

  base::UniqueFd epoll_;
  std::map<int, Watch> watches_;
  std::map<std::pair<uint64_t, Timer>, std::function<void()>> timers_;
  uint64_t next_ = 1;
  bool running_ = true;
};

}  // namespace keeper
