// The end of a log, whatever is in it and wherever it is said to begin.

#include "keeper/log_tail.h"

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const auto since = static_cast<off_t>(input.number(2));
  // Long enough to be cut from an input that is short.
  std::string content;
  for (size_t times = input.byte() % 16 + 1; times > 0; times--) content += input.rest();
  const std::string path = fuzz::directory() + "/log";
  fuzz::write_file(path, content);
  CHECK(keeper::log_size(path) == static_cast<off_t>(content.size()));
  const std::string tail = keeper::log_tail(path, since);
  CHECK(tail.size() <= 4096 && content.ends_with(tail));
  CHECK(since > static_cast<off_t>(content.size()) ||
        tail.size() <= content.size() - static_cast<size_t>(since));
  return 0;
}
