// Repeats a call that a signal interrupted (EINTR), as every blocking call may be.
#pragma once

#include <cerrno>

namespace base {

template <typename Call>
auto retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

}  // namespace base
