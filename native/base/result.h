// A value or the reason why there is none. Nothing here throws: what went wrong
// in the kernel is data, and becomes a JavaScript error only on the JS thread.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base {

struct SysError {
  int errnum = 0;
  const char* syscall = "";  // a static string: "openat", "lzc_snapshot"
  std::string path;          // what was acted on, "" when there is no name for it
};

// Call it on the line after the failing call: it reads errno.
[[nodiscard]] inline SysError last_error(const char* syscall, std::string_view path = {}) {
  return SysError{errno, syscall, std::string(path)};
}

struct Unit {};

// A room with richer failures has a `Result` of its own, with those.
template <typename T, typename Failure>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(*-explicit-*)
  Outcome(Failure error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() { return *std::get_if<0>(&state_); }
  const T& value() const { return *std::get_if<0>(&state_); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  Failure& error() { return *std::get_if<1>(&state_); }
  const Failure& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Failure> state_;
};

template <typename T>
using Result = Outcome<T, SysError>;

using Status = Result<Unit>;
inline Status success() {
  return Unit{};
}

}  // namespace base

// Leaves the function with the error of a Status or Result that failed.
#define TRY_STATUS(expression)                                                                     \
  do {                                                                                             \
    if (auto try_status_ = (expression); !try_status_.ok()) return std::move(try_status_.error()); \
  } while (0)
