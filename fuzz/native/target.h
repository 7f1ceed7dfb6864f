// What every fuzz target needs: its entry point, a check that ends the process, bytes taken apart.
#pragma once

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Unlike assert() it is there in every build.
#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      ::fprintf(stderr, "%s:%d: not so: %s (%m)\n", __FILE__, __LINE__, #condition); \
      ::abort();                                                                     \
    }                                                                                \
  } while (0)

namespace fuzz {

// Takes an input apart from its beginning on; at its end there are zeros and empty texts.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  uint64_t number(size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) value = value << 8 | byte();
    return value;
  }
  // Up to the next zero byte, which goes with it.
  std::string_view piece() {
    const std::string_view found = rest_.substr(0, rest_.find('\0'));
    rest_.remove_prefix(found.size() == rest_.size() ? found.size() : found.size() + 1);
    return found;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// A directory in memory for the files that a parser reads; it is made once, and goes with the
// process.
inline const std::string& directory() {
  static const std::string path = [] {
    std::string name = "/dev/shm/vpsadminos-fuzz-XXXXXX";
    CHECK(::mkdtemp(name.data()) != nullptr);
    static std::string made;
    made = name;
    CHECK(::atexit([] { (void)!::system(("rm -rf " + made).c_str()); }) == 0);
    return name;
  }();
  return path;
}

inline void write_file(const std::string& path, std::string_view content) {
  FILE* file = ::fopen(path.c_str(), "we");
  CHECK(file != nullptr);
  CHECK(::fwrite(content.data(), 1, content.size(), file) == content.size());
  CHECK(::fclose(file) == 0);
}

// Each call counts its own, too: they are compared with each other.
inline size_t open_descriptors() {
  size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  CHECK(directory != nullptr);
  while (::readdir(directory) != nullptr) count++;
  ::closedir(directory);
  return count;
}

}  // namespace fuzz
