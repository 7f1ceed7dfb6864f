// Visits every cgroup below one, deepest first, with one open descriptor however deep a guest dug.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "cgroup/clock.h"

namespace cgroup {

// `visit` gets the parent's descriptor and the name below it, after everything below was visited,
// and the top last (with `top` itself as the parent and `path` as the name).
// A cgroup that vanishes meanwhile is passed over. ENOENT only when the top itself is not there.
// None is entered from `until` on, of now_ms(): ETIMEDOUT, as a guest makes as many as it likes.
using Visit = std::function<base::Status(int parent, const std::string& name)>;
base::Status walk(int top, const std::string& path, const Visit& visit, int64_t until = kNever);

}  // namespace cgroup
