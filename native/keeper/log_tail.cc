#include "keeper/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace keeper {

std::string log_tail(const std::string& path) {
  constexpr off_t kTail = 4096;
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  const off_t from = info.st_size > kTail ? info.st_size - kTail : 0;
  std::string text(static_cast<size_t>(info.st_size - from), '\0');
  const ssize_t got = ::pread(fd.get(), text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  const size_t line = text.find('\n');
  if (from > 0 && line != std::string::npos) text.erase(0, line + 1);
  return text;
}

}  // namespace keeper
