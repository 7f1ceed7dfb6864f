#include "keeper/reboot_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "keeper/process.h"

namespace keeper {
namespace {

std::string name_of(pid_t pid, uint64_t start_time) {
  return std::to_string(pid) + " " + std::to_string(start_time);
}

}  // namespace

base::Status make_reboot_mark(const std::string& path) {
  const pid_t self = ::getpid();
  const auto stat = process_stat(self);
  if (!stat) return base::last_error("read", "/proc/self/stat");
  const base::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return base::last_error("open", path);
  return base::write_all(fd.get(), name_of(self, stat->start_time), path);
}

RebootMark reboot_mark_at(const std::string& path, pid_t monitor, uint64_t start_time) {
  const auto text = base::read_file(path, 128);
  if (!text.ok()) return RebootMark::kNone;
  return *text == name_of(monitor, start_time) ? RebootMark::kOfThat : RebootMark::kOfAnother;
}

}  // namespace keeper
