#include "keeper/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace keeper {

off_t log_size(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

std::string log_tail(const std::string& path, off_t since) {
  constexpr off_t kTail = 4096;
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  if (since > info.st_size) since = 0;
  const bool cut = info.st_size - since > kTail;
  const off_t from = cut ? info.st_size - kTail : since;
  std::string text(static_cast<size_t>(info.st_size - from), '\0');
  const ssize_t got = ::pread(fd.get(), text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  const size_t line = text.find('\n');
  if (cut && line != std::string::npos) text.erase(0, line + 1);
  return text;
}

}  // namespace keeper
