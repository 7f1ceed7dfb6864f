// The child that makes small edits of a container's files, one after the other, and answers them in
// one frame.
#pragma once

#include "keeper/edit_entry.h"

namespace keeper {

[[noreturn]] void run_edit(const EditInput& input);

}  // namespace keeper
