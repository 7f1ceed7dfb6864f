// Why a call of liblxc failed. The library gives `false` and keeps its reasons for its
// log, so a failure carries what was logged meanwhile.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "abi/library.h"

namespace lxc {

struct Failure {
  const char* verb = "";                    // a static string: "freeze"
  std::string container;                    // "" when there is none
  std::string object;                       // the key or the file that it was about, or ""
  std::vector<std::string> log;             // the last lines, oldest first
  std::optional<abi::LibraryInfo> missing;  // the library itself cannot be used
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  T& value() { return *std::get_if<0>(&state_); }
  Failure& error() { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Failure> state_;
};

}  // namespace lxc
