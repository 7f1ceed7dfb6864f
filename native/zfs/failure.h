// Why a call of ZFS failed: a number, of the kernel's or of ZFS's own, and where several datasets
// are concerned, one for each of them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "abi/library.h"

namespace zfs {

struct NamedError {
  std::string name;  // of a dataset, snapshot, bookmark or hold
  int errnum = 0;
};

struct Failure {
  int errnum = 0;         // errno(3), or zfs_errno_t of OpenZFS from 1024 on
  const char* call = "";  // a static string: "lzc_snapshot"
  std::string name;       // what it was about
  std::string detail;     // what else is known: the snapshot in the way, a program's own words
  std::vector<NamedError> errors;
  std::optional<abi::LibraryInfo> missing;  // a library itself cannot be used
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

}  // namespace zfs
