#include "lxc/log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <string_view>

#include "base/fd.h"
#include "base/file.h"
#include "base/retry.h"

namespace lxc {

namespace {

// The file in memory is emptied beyond this; of any file, no more than this is read back.
constexpr off_t kTail = 256 * 1024;
constexpr size_t kLines = 20;

struct Log {
  std::mutex mutex;
  base::UniqueFd fd;  // ours and liblxc's; its number never changes
  bool in_memory = false;
};

// Never freed: a thread may log while the process ends.
Log& log_of_process() {
  static Log* const log = new Log;
  return *log;
}

base::Result<base::UniqueFd> open_sink(const std::string& file) {
  if (file.empty()) {
    base::UniqueFd fd(::memfd_create("liblxc.log", MFD_CLOEXEC));
    // Appending, so that it can be emptied while somebody writes.
    if (!fd.valid() || ::fcntl(fd.get(), F_SETFL, O_APPEND) != 0) {
      return base::last_error("memfd_create");
    }
    return fd;
  }
  return base::open_at(AT_FDCWD, file, O_RDWR | O_CREAT | O_APPEND, 0600);
}

// With the mutex held.
base::Status open_log(Log& log, const abi::Lxc& library, const std::string& file,
                      const std::string& level) {
  // Given the file, lxc_log_init() copies errors to stderr as well, whatever `quiet` says; and
  // stderr is the embedder's. So it is told the level only, and the descriptor is set directly.
  if (library.lxc_log_fd == nullptr || library.lxc_log_use_global_fd == nullptr) {
    return base::SysError{ENOSYS, "lxc_log_init", file};
  }
  auto sink = open_sink(file);
  if (!sink.ok()) return std::move(sink.error());
  if (log.fd.valid()) {
    // Another thread may be about to write: the number stays valid and changes its meaning at once.
    if (::dup3(sink->get(), log.fd.get(), O_CLOEXEC) < 0) return base::last_error("dup3", file);
  } else {
    abi::lxc_log settings{};
    settings.level = level.c_str();
    settings.quiet = true;
    if (library.lxc_log_init(&settings) != 0) return base::SysError{EINVAL, "lxc_log_init", file};
    log.fd = std::move(*sink);
    *library.lxc_log_fd = log.fd.get();
    *library.lxc_log_use_global_fd = true;
  }
  log.in_memory = file.empty();
  return base::success();
}

// A line is "lxc <container> <time> <level> <category> - …"; without a container it is
// "lxc <time> …", and the time is the only word there that is all digits and a dot.
bool concerns(std::string_view line, std::string_view container) {
  const size_t space = line.find(' ');
  if (container.empty() || space == std::string_view::npos) return true;
  const std::string_view word = line.substr(space + 1, line.find(' ', space + 1) - space - 1);
  return word == container || word.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

base::Status set_log(const abi::Lxc& library, const std::string& file, const std::string& level) {
  Log& log = log_of_process();
  const std::lock_guard<std::mutex> lock(log.mutex);
  return open_log(log, library, file, level);
}

LogMark::LogMark(const abi::Lxc& library) {
  Log& log = log_of_process();
  const std::lock_guard<std::mutex> lock(log.mutex);
  // Without a log the calls work as well; only their failures say less.
  if (!log.fd.valid()) (void)open_log(log, library, "", "INFO");
  struct stat now{};
  if (!log.fd.valid() || ::fstat(log.fd.get(), &now) != 0) return;
  if (log.in_memory && now.st_size > kTail) {
    // liblxc appends, so it goes on at the new end. Who holds an older mark reads from there.
    now.st_size = ::ftruncate(log.fd.get(), 0) == 0 ? 0 : now.st_size;
  }
  offset_ = now.st_size;
}

std::vector<std::string> LogMark::lines(const std::string& container) const {
  Log& log = log_of_process();
  const std::lock_guard<std::mutex> lock(log.mutex);
  struct stat now{};
  if (!log.fd.valid() || ::fstat(log.fd.get(), &now) != 0) return {};
  off_t from = offset_ > now.st_size ? 0 : offset_;
  from = std::max(from, now.st_size - kTail);
  std::string text(static_cast<size_t>(now.st_size - from), '\0');
  const ssize_t got =
      base::retry([&] { return ::pread(log.fd.get(), text.data(), text.size(), from); });
  if (got <= 0) return {};

  std::vector<std::string> found;
  std::string_view rest(text.data(), static_cast<size_t>(got));
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0 && concerns(rest.substr(0, end), container))
      found.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (found.size() > kLines) found.erase(found.begin(), found.end() - kLines);
  return found;
}

}  // namespace lxc
