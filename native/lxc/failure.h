// Why a call of liblxc failed. The library gives `false` and keeps its reasons for its
// log, so a failure carries what was logged meanwhile.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "abi/library.h"
#include "base/result.h"

namespace lxc {

struct Failure {
  const char* verb = "";                    // a static string: "freeze"
  std::string container;                    // "" when there is none
  std::string object;                       // the key or the file that it was about, or ""
  std::vector<std::string> log;             // the last lines, oldest first
  std::optional<abi::LibraryInfo> missing;  // the library itself cannot be used
};

template <typename T>
using Result = base::Outcome<T, Failure>;

}  // namespace lxc
