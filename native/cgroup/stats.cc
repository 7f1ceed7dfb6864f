// One system call a figure, or three for a file that is not kept open, and nothing else: no
// memory.stat, which makes the kernel sum up over all CPUs and all cgroups below, and no allocation
// but the path. That of block devices has no bound.
#include "cgroup/stats.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/walk.h"

namespace cgroup {
namespace {

using base::Result;
using base::success;
using base::SysError;

// Every file read here fits: cpu.stat is the longest.
constexpr size_t kBuffer = 2048;

ssize_t read_once(const Hierarchy& hierarchy, const std::string& name, char* buffer) {
  const base::UniqueFd fd(::openat(hierarchy.dir.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.valid() ? ::read(fd.get(), buffer, kBuffer) : -1;
}

std::optional<uint64_t> parse(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;  // "max" too
  return number;
}

// One cgroup's files in one hierarchy.
class Files {
 public:
  Files(const Hierarchy& hierarchy, const std::string& path, KeptFiles* kept)
      : hierarchy_(hierarchy), kept_(kept) {
    name_.reserve(path.size() + 32);
    name_ = path;
    name_ += '/';
    length_ = name_.size();
  }
  std::string_view text(const char* file) {
    name_.resize(length_);
    name_ += file;
    const ssize_t got = kept_ == nullptr ? read_once(hierarchy_, name_, buffer_)
                                         : kept_->read(hierarchy_, name_, buffer_, kBuffer);
    return {buffer_, got > 0 ? static_cast<size_t>(got) : 0};
  }
  std::optional<uint64_t> number(const char* file) { return parse(text(file)); }

 private:
  const Hierarchy& hierarchy_;
  KeptFiles* const kept_;
  std::string name_;
  size_t length_ = 0;
  char buffer_[kBuffer];
};

void read_memory(const Hierarchy& hierarchy, const std::string& path, Figures wanted,
                 KeptFiles* kept, Stats& stats) {
  Files files(hierarchy, path, kept);
  const bool unified = hierarchy.version == 2;
  const auto read = [&](Figure figure, const char* v2, const char* v1) {
    if (wanted[figure]) stats[figure] = files.number(unified ? v2 : v1);
  };
  read(kMemory, "memory.current", "memory.usage_in_bytes");
  read(kMemoryPeak, "memory.peak", "memory.max_usage_in_bytes");
  read(kMemoryLimit, "memory.max", "memory.limit_in_bytes");
  read(kSwap, "memory.swap.current", "memory.memsw.usage_in_bytes");
  if (unified) return;
  // v1 says "no limit" with the largest number of pages that it can count.
  auto& limit = stats[kMemoryLimit];
  if (limit && *limit >= uint64_t{1} << 62) limit.reset();
  // And counts swap together with memory.
  auto& swap = stats[kSwap];
  if (!swap) return;
  const auto memory = wanted[kMemory] ? stats[kMemory] : files.number("memory.usage_in_bytes");
  if (memory) swap = *swap > *memory ? *swap - *memory : 0;
}

std::optional<uint64_t> to_us(std::optional<uint64_t> ns) {
  if (ns) *ns /= 1000;
  return ns;
}

void read_cpu(const Hierarchies& in, const std::string& path, Figures wanted, KeptFiles* kept,
              Stats& stats) {
  if (const Hierarchy* legacy = in.v1("cpuacct")) {
    Files files(*legacy, path, kept);
    const auto read = [&](Figure figure, const char* file) {
      if (wanted[figure]) stats[figure] = to_us(files.number(file));
    };
    read(kCpu, "cpuacct.usage");
    read(kCpuUser, "cpuacct.usage_user");
    read(kCpuSystem, "cpuacct.usage_sys");
    return;
  }
  // On v2 this file is there without the cpu controller too.
  const Hierarchy* unified = in.unified();
  if (unified == nullptr) return;
  Files files(*unified, path, kept);
  const std::string_view text = files.text("cpu.stat");
  const auto read = [&](Figure figure, const char* key) {
    if (wanted[figure]) stats[figure] = field(text, key);
  };
  read(kCpu, "usage_usec");
  read(kCpuUser, "user_usec");
  read(kCpuSystem, "system_usec");
}

// Has a line for each block device, so it may be long.
constexpr size_t kMaxDevices = 256 * 1024;

// Requests to block devices: those of one that is made of others are told of each of them.
void read_io(const Hierarchies& in, const std::string& path, Figures wanted, Stats& stats) {
  if (const Hierarchy* legacy = in.v1("blkio")) {
    const auto read = [&](Figure reads, Figure writes, const char* file) {
      if (!wanted[reads] && !wanted[writes]) return;
      const auto text = base::read_at(legacy->dir.get(), path + file, kMaxDevices);
      if (!text.ok()) return;
      if (wanted[reads]) stats[reads] = sum_of_verb(*text, "Read");
      if (wanted[writes]) stats[writes] = sum_of_verb(*text, "Write");
    };
    read(kReadBytes, kWrittenBytes, "/blkio.throttle.io_service_bytes_recursive");
    read(kReads, kWrites, "/blkio.throttle.io_serviced_recursive");
    return;
  }
  const Hierarchy* unified = in.of("io");
  if (unified == nullptr) return;
  const auto text = base::read_at(unified->dir.get(), path + "/io.stat", kMaxDevices);
  if (!text.ok()) return;
  const auto read = [&](Figure figure, const char* key) {
    if (wanted[figure]) stats[figure] = sum_of_devices(*text, key);
  };
  read(kReadBytes, "rbytes");
  read(kWrittenBytes, "wbytes");
  read(kReads, "rios");
  read(kWrites, "wios");
}

constexpr Figures set_of(std::initializer_list<Figure> figures) {
  unsigned long bits = 0;
  for (const Figure figure : figures) bits |= 1UL << figure;
  return {bits};
}

constexpr Figures kOfMemory = set_of({kMemory, kMemoryPeak, kMemoryLimit, kSwap});
constexpr Figures kOfCpu = set_of({kCpu, kCpuUser, kCpuSystem});
constexpr Figures kOfIo = set_of({kReadBytes, kWrittenBytes, kReads, kWrites});

// Calls `each` with every line.
template <typename Each>
void for_lines(std::string_view text, Each each) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The next word of a line, which is taken from it.
std::string_view next_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

std::optional<uint64_t> field(std::string_view text, std::string_view key) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.size() > key.size() && line.substr(0, key.size()) == key && line[key.size()] == ' ') {
      return parse(line.substr(key.size() + 1));
    }
    at = end + 1;
  }
  return std::nullopt;
}

uint64_t sum_of_devices(std::string_view text, std::string_view key) {
  uint64_t sum = 0;
  for_lines(text, [&](std::string_view line) {
    while (!line.empty()) {
      const std::string_view word = next_word(line);
      if (word.size() > key.size() && word.substr(0, key.size()) == key &&
          word[key.size()] == '=') {
        sum += parse(word.substr(key.size() + 1)).value_or(0);
      }
    }
  });
  return sum;
}

uint64_t sum_of_verb(std::string_view text, std::string_view verb) {
  uint64_t sum = 0;
  for_lines(text, [&](std::string_view line) {
    next_word(line);  // the device
    if (next_word(line) == verb) sum += parse(line).value_or(0);
  });
  return sum;
}

Result<std::vector<Stats>> stats(const Hierarchies& in, const std::vector<std::string>& paths,
                                 Figures wanted, KeptFiles* kept) {
  if (kept != nullptr) kept->begin();
  const Hierarchy* memory = (wanted & kOfMemory).any() ? in.of("memory") : nullptr;
  const Hierarchy* pids = wanted[kPids] ? in.of("pids") : nullptr;
  const bool cpu = (wanted & kOfCpu).any();
  const bool io = (wanted & kOfIo).any();
  std::vector<Stats> list;
  list.reserve(paths.size());
  for (const auto& path : paths) {
    TRY_STATUS(check_path(path));
    Stats& one = list.emplace_back();
    if (memory != nullptr) read_memory(*memory, path, wanted, kept, one);
    if (cpu) read_cpu(in, path, wanted, kept, one);
    if (io) read_io(in, path, wanted, one);
    if (pids != nullptr) one[kPids] = Files(*pids, path, kept).number("pids.current");
  }
  return list;
}

Result<uint64_t> oom_kills(const Hierarchies& in, const std::string& path) {
  TRY_STATUS(check_path(path));
  const Hierarchy* memory = in.of("memory");
  if (memory == nullptr) return SysError{ENODEV, "cgroup", "memory"};
  if (memory->version == 2) {
    auto text = base::read_at(memory->dir.get(), path + "/memory.events");
    if (!text.ok()) return std::move(text.error());
    return field(*text, "oom_kill").value_or(0);
  }
  // v1 counts where the killed process was, and nowhere above.
  uint64_t kills = 0;
  auto status = walk(memory->dir.get(), path, [&](int parent, const std::string& name) {
    auto text = base::read_at(parent, name + "/memory.oom_control");
    if (text.ok()) kills += field(*text, "oom_kill").value_or(0);
    return success();
  });
  if (!status.ok()) return std::move(status.error());
  return kills;
}

}  // namespace cgroup
