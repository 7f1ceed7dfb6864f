// How a child of the keeper comes to a container's files: as the container's root, who may do there
// what the guest may do, and no more.
#pragma once

#include <sys/stat.h>

#include "base/fd.h"
#include "base/result.h"
#include "keeper/message.h"
#include "keeper/plan.h"
#include "ns/place.h"

namespace keeper {

struct EditInput {
  const Fields& fields;
  Kind kind = Kind::EDIT;              // a list of steps; OPEN and REPLACE: one file
  const RootfsPlan* rootfs = nullptr;  // of a container that does not run
  int userns = -1;                     // carries the map of `rootfs`
  int init_fd = -1;                    // of one that runs
  pid_t init = -1;                     // the same
  const RootfsPlan* live = nullptr;  // MOUNT and UNMOUNT: its one mount, and what is needed for it
  int report = -1;
};

// Before anything of a guest is touched: what such a child has no need of.
void begin_child(const EditInput& input);

// Answers that it failed, and ends. `found` is what there is in place of a regular file.
[[noreturn]] void refuse(const EditInput& input, const char* step, const base::SysError& error,
                         mode_t found = 0);

// Into the namespaces of one that runs, or to the rootfs of one that does not, mounted for this
// process only; then as its root. The root directory.
base::Result<base::UniqueFd> enter(const EditInput& input);
// The last part of it: root of a user namespace that was entered.
base::Status become_root();

ns::Owner owner_of(const Fields& fields);
const char* type_of(mode_t mode);

}  // namespace keeper
