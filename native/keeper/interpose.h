// Two functions that liblxc calls in the monitor, taken over by this executable.
// liblxc resolves them through its PLT, where a symbol of the main program comes first.
#pragma once

#include <string>

namespace keeper {

// Exit status of a monitor whose guest asked for a reboot.
constexpr int kRebootStatus = 77;

// Called in the child that is about to become a monitor. `seccomp_fd` is where the compiled
// filter is written; -1 when there is none, or when it is known already and given in `filter`.
void become_monitor(int seccomp_fd, std::string filter);

}  // namespace keeper
