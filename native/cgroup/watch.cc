// cgroup.events and memory.events raise POLLPRI; v1 has an eventfd for lack of memory and nothing
// else.
#include "cgroup/watch.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/retry.h"
#include "cgroup/stats.h"

namespace cgroup {
namespace {

using base::Result;
using base::SysError;
using base::UniqueFd;

// From the start again: that is what re-arms POLLPRI. nullopt: the cgroup is gone.
std::optional<std::string> reread(int fd) {
  char buffer[1024];
  const ssize_t got = base::retry([&] { return ::pread(fd, buffer, sizeof buffer, 0); });
  if (got < 0) return std::nullopt;
  return std::string(buffer, static_cast<size_t>(got));
}

// Registers an eventfd the way v1 wants it: "<eventfd> <control file>" into a third file.
Result<UniqueFd> oom_eventfd(const Hierarchy& memory, const std::string& path, int control) {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) return base::last_error("eventfd");
  TRY_STATUS(base::write_at(memory.dir.get(), path + "/cgroup.event_control",
                            std::to_string(event.get()) + " " + std::to_string(control)));
  return event;
}

}  // namespace

Result<Watch> Watch::open(const Hierarchies& in, const std::string& path) {
  TRY_STATUS(check_path(path));
  Watch watch;
  if (const Hierarchy* unified = in.unified()) {
    auto events = base::open_at(unified->dir.get(), path + "/cgroup.events", O_RDONLY);
    if (events.ok())
      watch.events_ = std::move(*events);
    else if (events.error().errnum != ENOENT)
      return std::move(events.error());
  }
  if (const Hierarchy* memory = in.of("memory")) {
    watch.v2_memory_ = memory->version == 2;
    const std::string file = path + (watch.v2_memory_ ? "/memory.events" : "/memory.oom_control");
    auto opened = base::open_at(memory->dir.get(), file, O_RDONLY);
    if (opened.ok() && watch.v2_memory_) {
      watch.memory_ = std::move(*opened);
      watch.kills_ = field(reread(watch.memory_.get()).value_or(""), "oom_kill").value_or(0);
    } else if (opened.ok()) {
      auto event = oom_eventfd(*memory, path, opened->get());
      if (!event.ok()) return std::move(event.error());
      watch.memory_ = std::move(*event);
      watch.control_ = std::move(*opened);
    } else if (opened.error().errnum != ENOENT) {
      return std::move(opened.error());
    }
  }
  if (!watch.events_.valid() && !watch.memory_.valid()) return SysError{ENOENT, "openat", path};
  return watch;
}

int Watch::fd(size_t which) const {
  return which == kEvents ? events_.get() : memory_.get();
}

std::vector<Change> Watch::look(size_t which) {
  std::vector<Change> changes;
  if (which == kMemory && !v2_memory_) {
    uint64_t count = 0;
    // A cgroup that goes away signals as well.
    const bool signalled = ::read(memory_.get(), &count, sizeof count) == sizeof count;
    if (!reread(control_.get()))
      changes.push_back({Change::Type::kRemoved});
    else if (signalled)
      changes.push_back({Change::Type::kOom});
    return changes;
  }
  const auto text = reread(fd(which));
  if (!text) {
    changes.push_back({Change::Type::kRemoved});
  } else if (which == kMemory) {
    const uint64_t kills = field(*text, "oom_kill").value_or(0);
    if (kills != kills_) changes.push_back({Change::Type::kOom, false, kills});
    kills_ = kills;
  } else {
    const auto tell = [&](const char* key, std::optional<bool>& last, Change::Type type) {
      const auto now = field(*text, key);
      if (!now || last == (*now != 0)) return;
      last = *now != 0;
      changes.push_back({type, *last});
    };
    tell("populated", populated_, Change::Type::kPopulated);
    tell("frozen", frozen_, Change::Type::kFrozen);
  }
  return changes;
}

}  // namespace cgroup
