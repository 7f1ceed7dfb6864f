// A forked child of the keeper has every descriptor of it. Before it does anything for a
// guest it keeps the few that it needs: one that leaked would be a way out.
#pragma once

#include <algorithm>
#include <vector>

#include <unistd.h>

namespace keeper {

// Closes everything above 2 but these; negative ones are ignored. close_range(2), kernel 5.9.
inline void close_all_but(const std::vector<int>& wanted) {
  std::vector<int> keep;
  for (const int fd : wanted) {
    if (fd > 2) keep.push_back(fd);
  }
  std::sort(keep.begin(), keep.end());
  unsigned from = 3;
  for (const int fd : keep) {
    if (static_cast<unsigned>(fd) > from) ::close_range(from, static_cast<unsigned>(fd) - 1, 0);
    from = std::max(from, static_cast<unsigned>(fd) + 1);
  }
  ::close_range(from, ~0U, 0);
}

}  // namespace keeper
