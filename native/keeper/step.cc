#include "keeper/step.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "base/file.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

constexpr std::array kNames{
#define KEEPER_STEP(symbol, name, who, fails, what) std::string_view(name),
#include "keeper/step.def.h"
#undef KEEPER_STEP
};
constexpr int kNone = -1;

enum class Who { keeper, monitor, init, session, program, edit };
constexpr std::array kWho{
#define KEEPER_STEP(symbol, name, who, fails, what) Who::who,
#include "keeper/step.def.h"
#undef KEEPER_STEP
};

// Those in a pid or user namespace of the guest know no other process by its number.
constexpr bool can_kill_others(Who who) {
  return who == Who::keeper || who == Who::monitor || who == Who::session;
}

struct Fault {
  std::atomic<int> step = kNone;
  std::atomic<int> fail = 0;
  std::atomic<pid_t> pid = 0;
};

// Every child has the page, and none can write it, whatever a guest may make of it: the descriptor
// that can is the keeper's alone.
const Fault* armed = nullptr;
base::UniqueFd writable;

base::SysError fault_of(Step step) {
  return {EIO, "fault", std::string(kNames[static_cast<size_t>(step)])};
}

// Comes back when that process has ended.
void end(pid_t pid) {
  const auto process = ns::pidfd_open(pid);
  if (!process.ok()) return;
  (void)ns::pidfd_send_signal(process->get(), SIGKILL);
  pollfd ended{process->get(), POLLIN, 0};
  (void)::poll(&ended, 1, 5000);
}

// True when it is to fail.
bool meets_fault(Step step) {
  if (armed == nullptr || armed->step != static_cast<int>(step)) return false;
  if (armed->fail != 0) return true;
  if (armed->pid == 0) ::kill(::getpid(), SIGKILL);
  end(armed->pid);
  return false;
}

}  // namespace

base::Status prepare_steps() {
  writable.reset(::memfd_create("steps", MFD_CLOEXEC));
  if (!writable.valid()) return base::last_error("memfd_create");
  TRY_STATUS(arm_step("", false, 0));
  const std::string path = "/proc/self/fd/" + std::to_string(writable.get());
  const base::UniqueFd readable(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable.valid()) return base::last_error("open", path);
  void* page = ::mmap(nullptr, sizeof(Fault), PROT_READ, MAP_SHARED, readable.get(), 0);
  if (page == MAP_FAILED) return base::last_error("mmap");
  armed = static_cast<const Fault*>(page);
  return base::success();
}

base::Status arm_step(std::string_view name, bool fail, pid_t pid) {
  Fault fault;
  fault.fail = fail ? 1 : 0;
  fault.pid = pid;
  for (size_t i = 0; i < kNames.size(); i++) {
    if (kNames[i] == name) fault.step = static_cast<int>(i);
  }
  if (!name.empty() && fault.step == kNone) {
    return base::SysError{ENOENT, "step", std::string(name)};
  }
  if (pid != 0 && (fault.step == kNone || !can_kill_others(kWho[fault.step]))) {
    return base::SysError{EINVAL, "step", std::string(name)};
  }
  if (::pwrite(writable.get(), &fault, sizeof fault, 0) != static_cast<ssize_t>(sizeof fault)) {
    return base::last_error("pwrite", "steps");
  }
  return base::success();
}

std::optional<ArmedStep> armed_step() {
  if (armed == nullptr || armed->step == kNone) return std::nullopt;
  return ArmedStep{kNames[static_cast<size_t>(armed->step.load())], armed->fail != 0, armed->pid};
}

base::Status arm_step_from_environment() {
  const char* given = ::getenv("VPSADMINOS_KEEPER_FAULT");
  if (given == nullptr) return base::success();
  const std::string_view fault(given);
  const size_t colon = fault.find(':');
  const std::string_view how = fault.substr(0, colon);
  if (colon == fault.npos || (how != "kill" && how != "fail")) {
    return base::SysError{EINVAL, "step", given};
  }
  return arm_step(fault.substr(colon + 1), how == "fail", 0);
}

void passed(Step step) {
  (void)meets_fault(step);
}

base::Status done(Step step) {
  if (meets_fault(step)) return fault_of(step);
  return base::success();
}

}  // namespace keeper
