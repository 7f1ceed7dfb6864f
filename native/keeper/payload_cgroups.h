// The container's cgroups on v1, with their limits, made by the keeper while liblxc in the monitor
// still reads its configuration. liblxc would do the same one after the other, in ten hierarchies.
#pragma once

#include <string_view>

#include "cgroup/hierarchy.h"
#include "keeper/plan.h"

namespace keeper {

// Below a container's cgroup, which has the limits: the container's own, where init starts.
constexpr const char* kPayloadCgroup = "user-owned";

// What the monitor is told of it.
constexpr std::string_view kNotMade = "";            // liblxc does it all
constexpr std::string_view kLeftOver = "left over";  // there are some of an earlier run
constexpr std::string_view kMade = "made";  // they are there, with limits where v1 has them
constexpr std::string_view kUnlimited = "unlimited";  // they are there, and liblxc sets the limits

std::string_view make_cgroups(const cgroup::Hierarchies& hierarchies, const StartPlan& plan);
// What is below them, once kMade was told: liblxc may be there first. Not before there are limits:
// a cgroup with another one below can no longer be denied all devices.
void make_payload_cgroups(const cgroup::Hierarchies& hierarchies, const StartPlan& plan);

}  // namespace keeper
