// Names that nobody can guess beforehand.
#pragma once

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/retry.h"

namespace base {

// 16 hexadecimal digits. So few bytes are neither refused nor cut short, getrandom(2).
inline std::string random_digits() {
  uint64_t number = 0;
  if (retry([&] { return ::getrandom(&number, sizeof number, 0); }) != sizeof number) ::abort();
  std::array<char, 17> text{};
  ::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

}  // namespace base
