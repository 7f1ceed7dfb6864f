// Stands in for libFuzzer: runs a target once over each file that is named, and over the files of
// each directory. So any compiler keeps the targets and their corpus alive.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "target.h"

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.good());
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  ::fprintf(stderr, "%s\n", path.c_str());
  // On the heap and of this size, so that a sanitizer sees who reads beyond.
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  for (int i = 1; i < argc; i++) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay(argv[i]);
      count++;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      replay(entry.path());
      count++;
    }
  }
  ::printf("%d inputs\n", count);
  return count == 0 ? 1 : 0;
}
