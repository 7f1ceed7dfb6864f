// Network interfaces of the namespace that this process is in.
#pragma once

#include <string>

#include "base/result.h"

namespace net {

// The host's end of a veth, and with it the other one, wherever that is. ENODEV when there is none
// of that name, EMEDIUMTYPE when it is of another kind.
[[nodiscard]] base::Status delete_veth(const std::string& name);

}  // namespace net
