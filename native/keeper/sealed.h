// Runs this program from a copy that nobody can write to. A process on its way into a
// container still is this program, and a guest that gets hold of its /proc/PID/exe must not
// be able to change what the host runs next (as in CVE-2019-5736).
#pragma once

#include "base/result.h"

namespace keeper {

// Returns when we already are the copy; otherwise replaces the process.
base::Status run_sealed(char** argv);

}  // namespace keeper
