// A file that a monitor leaves whose guest reboots: what comes until it runs again is a start that
// a keeper which takes over has to begin anew.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

#include "base/result.h"

namespace keeper {

// Names this process.
base::Status make_reboot_mark(const std::string& path);

enum class RebootMark { kNone, kOfThat, kOfAnother };
// Whose it is: that of this monitor, which has not ended yet perhaps, or of one before it.
RebootMark reboot_mark_at(const std::string& path, pid_t monitor, uint64_t start_time);

}  // namespace keeper
