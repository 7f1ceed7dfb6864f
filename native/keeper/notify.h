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

// Reads what is there, and no more than a bounded number of datagrams. When one of them said
// READY=1, its STATUS= (printable, at most 128 bytes, may be "").
std::optional<std::string> read_notify(int socket);

}  // namespace keeper
