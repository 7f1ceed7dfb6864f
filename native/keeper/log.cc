#include "keeper/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <array>
#include <cstdarg>
#include <cstdio>

namespace keeper {
namespace {
constexpr size_t kLimit = 1024 * 1024;  // of each of the two files
}

Log::Log(std::string path) : path_(std::move(path)) {
  open();
}

void Log::open() {
  fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat info{};
  size_ = fd_.valid() && ::fstat(fd_.get(), &info) == 0 ? static_cast<size_t>(info.st_size) : 0;
}

void Log::line(const char* format, ...) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  std::array<char, 1024> text;
  size_t used = ::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  used += static_cast<size_t>(
      ::snprintf(text.data() + used, text.size() - used, ".%03ldZ ", now.tv_nsec / 1000000));
  va_list arguments;
  va_start(arguments, format);
  const int more = ::vsnprintf(text.data() + used, text.size() - used - 1, format, arguments);
  va_end(arguments);
  if (more > 0) used = std::min(used + static_cast<size_t>(more), text.size() - 2);
  text[used++] = '\n';
  if (size_ + used > kLimit) {
    ::rename(path_.c_str(), (path_ + ".1").c_str());
    open();
  }
  // A full disk must not stop containers: what cannot be logged is lost.
  if (::write(fd_.get(), text.data(), used) > 0) size_ += used;
}

}  // namespace keeper
