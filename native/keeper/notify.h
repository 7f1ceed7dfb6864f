// The socket on which a guest's init says that it is up (sd_notify(3)), one per container,
// so that no guest can speak for another.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace keeper {

// `owner` is the container's root, as the host sees it.
base::Result<base::UniqueFd> listen_notify(const std::string& path, uid_t owner);

struct Notice {
  // When READY=1 was said: the STATUS= with it (printable, at most 128 bytes, may be "").
  std::optional<std::string> ready;
  bool more = false;  // it may be that not all was read
  // Descriptors came along, which stay where they are. Whoever reads on, or closes the socket,
  // closes them, and the last close may take as long as the guest likes: of a terminal whose line
  // discipline it holds, of a connection that lingers (SO_LINGER, socket(7)).
  bool descriptors = false;
};

// Reads what is there, and no more than a bounded number of datagrams.
Notice read_notify(int socket);

}  // namespace keeper
