// Frames and descriptors over a SOCK_SEQPACKET socket, both ways and never blocking.
// Both ends use it: the keeper and the addon.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace keeper {

struct Received {
  std::string bytes;  // empty: the peer closed
  std::vector<base::UniqueFd> fds;
};

// EAGAIN when nothing is there, EMSGSIZE for a frame that was cut, EMFILE when this process may not
// have as many descriptors as came with it: then they are closed.
base::Result<Received> receive(int socket);
// The same, but what came without its descriptors is `bare` and no error.
base::Result<Received> receive(int socket, bool& bare);
// EAGAIN when the peer does not read. The descriptors are copied, the caller keeps its own.
base::Status send(int socket, std::string_view frame, const std::vector<int>& fds = {});

// Listens at `path`, which only root may connect to; a stale socket there is replaced.
base::Result<base::UniqueFd> listen_at(const std::string& path);
base::Result<base::UniqueFd> connect_to(const std::string& path);
// The uid at the other end (SO_PEERCRED, unix(7)).
base::Result<uid_t> peer_uid(int socket);
// What the next read would fail with, and will not any more (SO_ERROR, socket(7)).
base::Status take_error(int socket);

}  // namespace keeper
