// Why a call of ZFS failed: a number, of the kernel's or of ZFS's own, and where several datasets
// are concerned, one for each of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "abi/library.h"
#include "base/result.h"

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
using Result = base::Outcome<T, Failure>;

}  // namespace zfs
