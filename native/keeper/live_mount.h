// A further dataset of a container that runs: put into its mount namespace, or taken out of it.
#pragma once

#include "keeper/edit_entry.h"

namespace keeper {

// MOUNT and UNMOUNT, in a forked child.
[[noreturn]] void run_live_mount(const EditInput& input);

}  // namespace keeper
