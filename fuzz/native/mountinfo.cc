// The mount table, and which paths are cgroups.

#include <algorithm>

#include "cgroup/hierarchy.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list = cgroup::parse_mountinfo(text);
  CHECK(list.size() <= static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  for (const cgroup::Hierarchy& one : list) {
    CHECK(one.version == 1 || one.version == 2);
    CHECK(!one.mountpoint.empty() && one.mountpoint.size() < text.size());
    CHECK(!one.dir.valid());
    for (const std::string& name : one.controllers) CHECK(!name.empty() && one.has(name));
  }
  if (cgroup::check_path(text).ok()) {
    CHECK(("/" + std::string(text) + "/").find("/../") == std::string::npos);
    CHECK(text[0] != '/' && text.find('\0') == std::string_view::npos);
  }
  return 0;
}
