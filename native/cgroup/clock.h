// Time for bounded waiting.
#pragma once

#include <time.h>

#include <cstdint>
#include <limits>

namespace cgroup {

// Of now_ms(): for who has all the time.
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

inline int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

inline void sleep_ms(int64_t duration) {
  const timespec pause{.tv_sec = duration / 1000, .tv_nsec = duration % 1000 * 1000000};
  ::nanosleep(&pause, nullptr);
}

}  // namespace cgroup
