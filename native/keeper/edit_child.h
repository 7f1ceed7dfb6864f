// The child that reads and writes files of a container.
#pragma once

#include "keeper/message.h"
#include "keeper/plan.h"

namespace keeper {

struct EditInput {
  const Fields& fields;
  Kind kind = Kind::EDIT;              // a list of steps; OPEN and REPLACE: one file
  const RootfsPlan* rootfs = nullptr;  // of a container that does not run
  int userns = -1;                     // carries the map of `rootfs`
  int init_fd = -1;                    // of one that runs
  int report = -1;
};

[[noreturn]] void run_edit(const EditInput& input);

}  // namespace keeper
