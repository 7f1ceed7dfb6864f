// The forked child that calls liblxc's start in the foreground and so becomes the monitor.
#pragma once

#include "cgroup/hierarchy.h"
#include "keeper/plan.h"

namespace keeper {

struct MonitorInput {
  const StartPlan& plan;
  const cgroup::Hierarchies& hierarchies;
  int userns;
  int report;                 // a Report is written here when a step before liblxc fails
  const std::string& filter;  // file of the compiled seccomp filter, "" without a profile
  int seccomp_fd;             // where to write it, -1 when it is there already
};

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
[[noreturn]] void run_monitor(const MonitorInput& input);

}  // namespace keeper
