// liblxc's log, which is one per process: to a file that the embedder names, or else to a
// small file in memory. Either way we read back what was logged during a call that failed.
#pragma once

#include <string>
#include <vector>

#include "abi/lxc.h"
#include "base/result.h"

namespace lxc {

// Appends to `file`; "" means memory. liblxc takes the level ("ERROR", "WARN", "INFO", …) once per
// process: with the first call, or before it with the first LogMark. Any thread.
base::Status set_log(const abi::Lxc& library, const std::string& file, const std::string& level);

// Where the log ends now. The first call sets the log up in memory, if nobody has set it up before.
class LogMark {
 public:
  explicit LogMark(const abi::Lxc& library);
  // What was logged since: the lines about `container` and those that name none, the last 20.
  [[nodiscard]] std::vector<std::string> lines(const std::string& container) const;

 private:
  off_t offset_ = 0;
};

}  // namespace lxc
