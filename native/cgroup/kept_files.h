// Small files of cgroups that are read again and again, kept open: to open and to close one takes
// four times as long as to read it. Any number of threads may use it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/fd.h"
#include "cgroup/hierarchy.h"

namespace cgroup {

class KeptFiles {
 public:
  // At most as many as a quarter of the descriptors that the process may have, and 4,096.
  KeptFiles();

  // Before many are read. Those that were not among the last eight times are closed: their cgroups
  // are no more, or nobody asks for them any longer.
  void begin();

  // As read(2) at its beginning; -1 when there is none. One that is kept of a cgroup that was
  // removed is opened anew, as there may be another one by its name; it has not kept the former
  // from going.
  ssize_t read(const Hierarchy& hierarchy, const std::string& name, char* buffer, size_t size);

 private:
  // Whoever reads it has a part in it, so that it is not closed meanwhile.
  using File = std::shared_ptr<const base::UniqueFd>;
  struct Kept {
    File file;
    uint64_t round;
  };
  using Files = std::unordered_map<std::string, Kept>;

  File find(const Hierarchy& hierarchy, const std::string& name);
  void keep(const Hierarchy& hierarchy, const std::string& name, File file);
  void forget(const Hierarchy& hierarchy, const std::string& name, const File& file);

  const size_t most_;
  std::mutex mutex_;
  std::unordered_map<const Hierarchy*, Files> files_;
  size_t count_ = 0;
  uint64_t round_ = 0;
};

}  // namespace cgroup
