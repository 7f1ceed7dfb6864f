// pidfd calls that glibc 2.31 does not know yet.
#include "ns/pidfd.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "base/file.h"
#include "base/retry.h"
#include "ns/syscalls.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::success;
using base::SysError;
using base::UniqueFd;

// struct pidfd_info as of 6.15; the kernel copies as much as the ioctl's size says.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroupid;
  uint32_t pid, tgid, ppid;
  uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr uint64_t kInfoExit = 1 << 3;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);

std::string name_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

}  // namespace

Result<UniqueFd> pidfd_open(pid_t pid) {
  UniqueFd fd(static_cast<int>(::syscall(sys::kPidfdOpen, pid, 0)));
  if (!fd.valid()) return last_error("pidfd_open", name_of(pid));
  return fd;
}

Status pidfd_send_signal(int pidfd, int signal) {
  if (::syscall(sys::kPidfdSendSignal, pidfd, signal, nullptr, 0) < 0) {
    return last_error("pidfd_send_signal");
  }
  return success();
}

Result<UniqueFd> pidfd_getfd(int pidfd, int fd) {
  UniqueFd copy(static_cast<int>(::syscall(sys::kPidfdGetfd, pidfd, fd, 0)));
  if (!copy.valid()) return last_error("pidfd_getfd");
  return copy;
}

Result<pid_t> pidfd_pid(int pidfd) {
  const std::string file = "/proc/self/fdinfo/" + std::to_string(pidfd);
  auto text = base::read_file(file);
  if (!text.ok()) return std::move(text.error());
  const size_t at = text->find("Pid:\t");
  pid_t pid = 0;
  if (at == std::string::npos ||
      std::from_chars(text->data() + at + 5, text->data() + text->size(), pid).ec != std::errc()) {
    return SysError{EBADF, "pidfd", file};
  }
  // -1: reaped; 0: not in our pid namespace.
  if (pid <= 0) return SysError{ESRCH, "pidfd", file};
  return pid;
}

Result<ProcessStatus> pidfd_status(int pidfd) {
  pollfd wait{.fd = pidfd, .events = POLLIN, .revents = 0};
  if (base::retry([&] { return ::poll(&wait, 1, 0); }) < 0) return last_error("poll");
  if ((wait.revents & POLLNVAL) != 0) return SysError{EBADF, "poll", {}};
  ProcessStatus status;
  status.exited = (wait.revents & (POLLIN | POLLHUP)) != 0;
  if (!status.exited) return status;
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (::ioctl(pidfd, kGetInfo, &info) == 0 && (info.mask & kInfoExit) != 0) {
    status.wait_status = info.exit_code;
  }
  return status;
}

}  // namespace ns
