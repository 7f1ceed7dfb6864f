// The keeper's own log: one line an event, rotated once so that it can never fill the disk.
#pragma once

#include <string>

#include "base/fd.h"

namespace keeper {

class Log {
 public:
  explicit Log(std::string path);
  __attribute__((format(printf, 2, 3))) void line(const char* format, ...);

 private:
  void open();
  std::string path_;
  base::UniqueFd fd_;
  size_t size_ = 0;
};

}  // namespace keeper
