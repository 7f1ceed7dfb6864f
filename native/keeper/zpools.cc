#include "keeper/zpools.h"

#include <dirent.h>

#include <memory>

#include "base/file.h"

namespace keeper {

std::set<std::string> suspended_zpools() {
  const std::string zpools = "/proc/spl/kstat/zfs";
  std::set<std::string> suspended;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(zpools.c_str()), ::closedir);
  if (!stream) return suspended;  // no ZFS here
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    constexpr size_t kMaxState = 64;
    const auto state = base::read_file(zpools + "/" + name + "/state", kMaxState);
    if (state.ok() && state->starts_with("SUSPENDED")) suspended.insert(name);
  }
  return suspended;
}

}  // namespace keeper
