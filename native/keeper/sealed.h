// Runs this program from a copy that nobody can write to. A process on its way into a
// container still is this program, and a guest that gets hold of its /proc/PID/exe must not
// be able to change what the host runs next (as in CVE-2019-5736).
#pragma once

#include "base/fd.h"
#include "base/result.h"

namespace keeper {

// A copy of a program that nobody can write to, with a name to be known by. ENOEXEC where it cannot
// be one.
base::Result<base::UniqueFd> sealed_copy(int program, const char* name);

// Returns when we already are such a copy; otherwise replaces the process.
base::Status run_sealed(char** argv);

}  // namespace keeper
