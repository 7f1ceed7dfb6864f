// What a program without a terminal reads and writes: pipes, whose other ends are for a relay, and
// the sockets by which we and our clients have what it passes on.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "keeper/message.h"
#include "keeper/plan.h"

namespace keeper {

// By number, as the program counts.
struct Streams {
  std::array<base::UniqueFd, 3> guest{};
  std::array<base::UniqueFd, 3> pipes{};
  std::array<base::UniqueFd, 3> sockets{};
  std::array<base::UniqueFd, 3> ours{};
  std::string names;  // for run_relay()

  [[nodiscard]] std::vector<int> relayed() const;
};

// As an EXEC frame wants them: without input, that is /dev/null.
base::Result<Streams> make_streams(const Fields& exec, const RootfsPlan& rootfs);

}  // namespace keeper
