// Datasets of ZFS that are in the hands of a container's user namespace, from before its init goes
// on until it has ended. The kernel forgets none by itself, and takes them back only from who has a
// descriptor of that namespace: so the namespace is kept, by a mount in our mount namespace, also
// when we are killed and its last process ends.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "keeper/plan.h"

namespace keeper {

// What is added to the name of a rootfs mount, for the mount of the namespace.
constexpr const char* kUsernsPart = ".userns";

// Attaches all that the plan says to the namespace that `init` is in; done before is fine. What
// could be done is done, also when something fails. `init_fd` is its pidfd, -1 for a child of ours.
base::Status delegate(const StartPlan& plan, pid_t init, int init_fd = -1);
base::Status detach(const StartPlan& plan, const std::vector<std::string>& datasets);

// Whether something of it was ever in its hands.
bool is_delegated(const StartPlan& plan);

// Takes back all of it, and lets the namespace go; not where that fails, as nothing could be taken
// back without it. Without one there is nothing to do.
base::Status end_delegation(const StartPlan& plan);

}  // namespace keeper
