// The forked child that calls liblxc's start in the foreground and so becomes the monitor.
#pragma once

#include <vector>

#include "base/fd.h"
#include "cgroup/hierarchy.h"
#include "keeper/message.h"
#include "keeper/plan.h"
#include "keeper/spare.h"

namespace keeper {

// What it is told: the START frame, the cgroup that it stays in, which is the keeper's own, and
// what the guest's filter is compiled to. `filter` is the file of the compiled seccomp filter, ""
// without a profile; `reboot_mark` the one that it makes when the guest reboots; `plan_file` has
// the plan as it is when the guest ends. Descriptors go with it: where a Report is written when a
// step before liblxc fails, the user namespace, and where to write that filter when it is not there
// already.
Writer monitor_job(std::string_view start_frame, const std::string& cgroup,
                   const std::string& filter, const std::string& reboot_mark,
                   const std::string& plan_file);
// Later it is told what make_cgroups() said.

// What a child that gave up leaves in its pipe: fixed size, so one write(2) is whole.
struct Report {
  int errnum;
  char step[32];
  char syscall[32];
  char path[440];
};

constexpr int kReportedStatus = 65;  // gave up before liblxc, see the Report
constexpr int kFailedStatus = 66;    // liblxc's start failed, see its log

void write_report(int fd, const char* step, const base::SysError& error);
[[noreturn]] void run_monitor(const cgroup::Hierarchies& hierarchies, const Message& job,
                              std::vector<base::UniqueFd> fds, base::UniqueFd keeper);

}  // namespace keeper
