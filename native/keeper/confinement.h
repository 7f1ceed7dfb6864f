// Everything that holds a container's init, read from init itself, so that a process which
// joins later is held by the same: capabilities, seccomp filter, LSM label, limits.
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace keeper {

using Limits = std::array<rlimit, RLIM_NLIMITS>;

struct Confinement {
  uint64_t bounding = 0;  // capability bounding set, one bit a capability
  bool no_new_privs = false;
  std::vector<sock_filter> filter;  // empty: init has none
  std::string label;                // AppArmor or SELinux, "" when no LSM confines init
  std::string label_file;           // where a task says its label to be, below `proc`
  base::UniqueFd proc;              // the host's /proc, as the container's is not to be trusted
  unsigned long personality = 0;
  Limits limits{};
};

// `filter_file` holds the filter that was captured at the start. An init under a filter that
// we do not have is an error (ENOKEY): joining it less confined is not an answer.
base::Result<Confinement> confinement_of(pid_t init, const std::string& filter_file);

// What the text of /proc/PID/status says of it, proc_pid_status(5).
struct StatusFacts {
  uint64_t bounding;
  bool no_new_privs;
  bool filtered;  // by seccomp
};
StatusFacts parse_status(std::string_view status);
// The text of /proc/PID/limits, proc_pid_limits(5): one line for each, in the order of their
// numbers. Nothing when it is not that.
std::optional<Limits> parse_limits(std::string_view text);
// The label in the text of /proc/PID/attr/current, without its mode; "" for one that confines
// nothing.
std::string parse_label(std::string_view current);
// A filter as it was captured: ENOKEY when there is none, or half of one.
base::Result<std::vector<sock_filter>> read_filter(const std::string& file);

// In three steps, as the rights to do each are there only then.
base::Status apply_limits(const Confinement& confinement);       // on the host
base::Status drop_capabilities(const Confinement& confinement);  // in the user namespace
base::Status apply_last(const Confinement& confinement);         // right before exec

}  // namespace keeper
