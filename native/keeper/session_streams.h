// What a program reads and writes: pipes or a terminal, whose other ends are for a relay, and the
// sockets by which we and our clients have what it passes on.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "keeper/message.h"
#include "keeper/plan.h"

namespace keeper {

struct Streams {
  // By number, as the program counts. With a terminal, one: where the program sends its master.
  std::vector<base::UniqueFd> guest;
  std::array<base::UniqueFd, 3> ours{};
  std::string names;  // for run_relay(), with these
  std::vector<base::UniqueFd> relay;
};

// As an EXEC frame wants them: without input, that is /dev/null.
base::Result<Streams> make_pipes(const Fields& exec, const RootfsPlan& rootfs);
base::Result<Streams> make_terminal();

[[nodiscard]] std::vector<int> numbers(const std::vector<base::UniqueFd>& fds);

}  // namespace keeper
