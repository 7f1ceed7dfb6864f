#include "cgroup/removals.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/retry.h"

namespace cgroup {

base::Result<Removals> Removals::open() {
  Removals removals;
  removals.inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  // EMFILE: fs.inotify.max_user_instances, inotify(7).
  if (!removals.inotify_.valid()) return base::last_error("inotify_init1");
  return removals;
}

base::Result<int> Removals::add(const Hierarchies& in, const std::string& path) {
  TRY_STATUS(check_path(path));
  const Hierarchy* unified = in.unified();
  if (unified == nullptr) return base::SysError{ENOTSUP, "inotify_add_watch", path};
  const size_t slash = path.rfind('/');
  std::string above = "/proc/self/fd/" + std::to_string(unified->dir.get());
  if (slash != path.npos) above += "/" + path.substr(0, slash);
  const int directory = ::inotify_add_watch(inotify_.get(), above.c_str(), IN_DELETE | IN_ONLYDIR);
  if (directory < 0) return base::last_error("inotify_add_watch", path);
  return directory;
}

// EINVAL: the directory went away itself, and the kernel has dropped it.
void Removals::drop(int directory) {
  ::inotify_rm_watch(inotify_.get(), directory);
}

std::vector<Removal> Removals::take() {
  std::vector<Removal> all;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t got =
        base::retry([&] { return ::read(inotify_.get(), buffer.data(), buffer.size()); });
    if (got <= 0) return all;
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      if ((event.mask & IN_Q_OVERFLOW) != 0) all.push_back({});
      if ((event.mask & IN_DELETE) != 0) {
        all.push_back({event.wd, std::string(name, ::strnlen(name, event.len))});
      }
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

}  // namespace cgroup
