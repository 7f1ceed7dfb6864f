// Functions that liblxc calls in the monitor, taken over by this executable.
// liblxc resolves them through its PLT, where a symbol of the main program comes first.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"

namespace keeper {

// Exit status of a monitor whose guest asked for a reboot.
constexpr int kRebootStatus = 77;

// Called in the child that is about to become a monitor.
struct MonitorSetup {
  // Names on the way to cgroups that are there, and of those that liblxc insists on making itself.
  std::vector<std::string> parents;
  std::vector<std::string> made;
  int seccomp_fd;       // where the compiled filter is written, -1 for nowhere
  std::string filter;   // the filter when it is known already, else ""
  base::UniqueFd init;  // executed in the place of the guest's, where there is one
  std::vector<base::UniqueFd> close_later;  // when init runs
  std::string reboot_mark;  // a file that says that the guest is to be started again
  uid_t owner;              // of init's user namespace: the host's id of the container's root
  std::function<void(pid_t init)> cloned;  // before init goes on, which waits for liblxc
  std::function<void()> ended;             // when a guest that reboots has ended
};
void become_monitor(MonitorSetup setup);

}  // namespace keeper
