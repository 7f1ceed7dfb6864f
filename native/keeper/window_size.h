// The size of a terminal's window, set on a descriptor that the keeper has passed.
#pragma once

#include <cstdint>

#include <sys/ioctl.h>

#include "base/result.h"

namespace keeper {

inline base::Status set_window_size(int terminal, uint16_t rows, uint16_t cols) {
  winsize size = {};
  size.ws_row = rows;
  size.ws_col = cols;
  if (::ioctl(terminal, TIOCSWINSZ, &size) != 0) return base::last_error("ioctl");
  return base::success();
}

}  // namespace keeper
