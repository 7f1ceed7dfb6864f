// A dataset in the hands of a user namespace, as zfs-zone(8) has it: whoever is root in there sees
// it and what is above it, and manages what is below it, when its property `zoned` is on.
//
// The kernel knows it by its name, and the namespace by a reference of its own, until it is
// detached: of a namespace that has nobody in it any more only a descriptor is of use.
#pragma once

#include <string>

#include "base/result.h"

namespace zfs {

// Having it already is fine.
base::Status attach(const std::string& dataset, int userns);
// Not having it is fine.
base::Status detach(const std::string& dataset, int userns);

}  // namespace zfs
