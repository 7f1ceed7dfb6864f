// Why: liblxc restarts a rebooting guest inside the same monitor, from the configuration it
// read at the first start, and no configuration key turns that off. It sets up its signalfd
// exactly once per start (lxc_init, tried with 5.0.2), and on the second time the old
// container is wholly torn down: the moment to leave, so that the keeper starts it anew.
// Its terminals have signalfds too, but not for SIGCHLD.
//
// And a process that joins the container later must carry the very filter that init got.
// A filter cannot be read back without ptrace, and compiling the profile a second time would
// be a second opinion. So the one that liblxc loads is exported when it is loaded. With the
// next start under that profile it is known: nothing is collected or compiled again.
//
// And liblxc hands the container's cgroups over to its root in a process of its own, in a user
// namespace made for that alone, and waits for it while init waits for liblxc. Half a millisecond,
// in which init could have gone on: so that wait is put off until liblxc waits for init anyway. And
// init makes its network namespace, as long a piece of work, first of all and not when liblxc tells
// it to; but when its ids are mapped, or the files of that namespace would not be its root's.
//
// And liblxc insists on making cgroups itself. But that of the monitor is the one that the keeper
// is in, and so are its children: on a host with v1, ten directories less to make and to remove.
// And those of the container on v1 are made by the keeper while liblxc still reads its
// configuration.
//
// And a user namespace belongs to whoever clones into it. The kernel counts inotify, namespaces and
// more by user, and what is counted in a namespace is counted for its owner too,
// user_namespaces(7): all guests would share what the host's root may have, and one could leave
// nothing for the others and for the host. So it is the container's own root who clones, with our
// rights.
//
// And where a container is started for a program alone, another init than the guest's is executed,
// by its descriptor: no path in a guest is to be trusted with that.
//
// And a monitor lives as long as its container, while a start dirties 130 KiB of stack and more
// of heap once. Its first wait for events is the moment to give them back.

#include "keeper/interpose.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <utility>

#include <dlfcn.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/retry.h"
#include "keeper/reboot_mark.h"
#include "keeper/step.h"

namespace keeper {
namespace {

bool in_monitor = false;
bool trimmed = false;
int starts = 0;
int capture_fd = -1;
std::vector<base::UniqueFd> closed_later;
std::vector<std::string> parents;
std::vector<std::string> made;
bool makes_cgroups = false;  // until init is cloned
std::string known_filter;
base::UniqueFd other_init;
pid_t handing_over = -1;  // the process that hands the cgroups over
int put_off = 0;          // how often liblxc may still read before that process must have ended
bool has_network = false;
std::string reboot_mark;
std::function<void(pid_t)> cloned;
std::function<void()> ended;
uid_t owner = 0;
int dumpable = 1;
bool in_init = false;
using Syscall = long (*)(long, ...);
Syscall next_syscall = nullptr;

// By the kernel's own calls: here is one thread, and those of libc look for more.
bool set_effective_user(uid_t user) {
  constexpr long kSame = -1;
  return ::syscall(SYS_setresuid, kSame, static_cast<long>(user), kSame) == 0;
}

void take_effective_rights() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return;
  for (__user_cap_data_struct& set : sets) set.effective = set.permitted;
  (void)::syscall(SYS_capset, &header, sets.data());
}

// Whoever changes its user loses its effective capabilities, which on some hosts are needed to make
// a user namespace, and its /proc/self becomes root's, prctl(2).
bool become_owner() {
  dumpable = ::prctl(PR_GET_DUMPABLE);
  if (!set_effective_user(owner)) return false;
  take_effective_rights();
  return true;
}

// A monitor that stayed the container's root would not be one.
void be_root_again() {
  if (!set_effective_user(0)) _exit(1);
  ::prctl(PR_SET_DUMPABLE, dumpable);
}

// It stays the root of its user namespace, and has all rights in there.
void become_init() {
  in_init = true;
  ::prctl(PR_SET_DUMPABLE, dumpable);
}

bool hands_over(uint64_t clone_flags) {
  return (clone_flags & CLONE_NEWUSER) != 0 && (clone_flags & CLONE_NEWPID) == 0;
}

// False when it failed.
bool handed_over() {
  int status = 0;
  const int options = --put_off > 0 ? WNOHANG : 0;
  const pid_t waited =
      base::retry([&] { return ::wait4(handing_over, &status, options, nullptr); });
  if (waited == 0) return true;  // not yet
  put_off = 0;
  handing_over = -1;
  return waited > 0 && status == 0;
}

bool ids_are_mapped() {
  const auto map = base::read_file("/proc/self/gid_map", 4096);  // written after uid_map
  return map.ok() && !map->empty();
}

// In the process that becomes init. Every container has its own network: sharing one cannot be
// configured. Asleep and not told, as whoever is told is moved to the processor of the one who
// tells, and that is liblxc, busy.
void make_network() {
  constexpr int kLooks = 30;
  constexpr timespec kPause{0, 15'000};
  const int slack = ::prctl(PR_GET_TIMERSLACK);
  ::prctl(PR_SET_TIMERSLACK, 1);
  bool mapped = false;
  for (int look = 0; look < kLooks && !mapped; look++) {
    ::nanosleep(&kPause, nullptr);
    mapped = ids_are_mapped();
  }
  ::prctl(PR_SET_TIMERSLACK, slack);
  // Without it, liblxc does it later.
  has_network = mapped && ::syscall(SYS_unshare, CLONE_NEWNET) == 0;
}

// What lies below the stack pointer is free, but stays ours until we say so.
void release_stack() {
  pthread_attr_t attributes;
  void* low = nullptr;
  size_t size = 0;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  ::pthread_attr_getstack(&attributes, &low, &size);
  ::pthread_attr_destroy(&attributes);
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  constexpr uintptr_t kFrames = 16 * 1024;  // this call, and a signal's
  const uintptr_t end = (here - kFrames) & ~(page - 1);
  // Only what is mapped: the limit is lower, the stack has not grown there.
  constexpr uintptr_t kGrown = 512 * 1024;
  const uintptr_t start = std::max(reinterpret_cast<uintptr_t>(low), end - kGrown);
  for (uintptr_t at = end - page; at >= start; at -= page) {
    if (::madvise(reinterpret_cast<void*>(at), page, MADV_DONTNEED) != 0) return;
  }
}

// libseccomp is not linked: it is there because liblxc brought it.
int load_filter(void* filter) {
  void* library = ::dlopen("libseccomp.so.2", RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) return -ENOSYS;
  if (capture_fd >= 0) {
    auto export_bpf = reinterpret_cast<int (*)(void*, int)>(::dlsym(library, "seccomp_export_bpf"));
    // Without it the exec lane refuses later, by name; the start itself is as safe as ever.
    if (export_bpf == nullptr || export_bpf(filter, capture_fd) != 0) {
      (void)::ftruncate(capture_fd, 0);  // half of one must not look like one
    }
    ::close(capture_fd);
    capture_fd = -1;
  } else if (!known_filter.empty()) {
    // Compiled for this very profile before; to compile it again takes longer than all else here.
    const sock_fprog program{static_cast<unsigned short>(known_filter.size() / sizeof(sock_filter)),
                             reinterpret_cast<sock_filter*>(known_filter.data())};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : -errno;
  }
  auto load = reinterpret_cast<int (*)(void*)>(::dlsym(library, "seccomp_load"));
  return load == nullptr ? -ENOSYS : load(filter);
}

}  // namespace

void become_monitor(MonitorSetup setup) {
  in_monitor = true;
  starts = 0;
  capture_fd = setup.seccomp_fd;
  known_filter = std::move(setup.filter);
  other_init = std::move(setup.init);
  closed_later = std::move(setup.close_later);
  parents = std::move(setup.parents);
  made = std::move(setup.made);
  makes_cgroups = true;
  handing_over = -1;
  put_off = 0;
  has_network = false;
  reboot_mark = std::move(setup.reboot_mark);
  owner = setup.owner;
  cloned = std::move(setup.cloned);
  ended = std::move(setup.ended);
  next_syscall = reinterpret_cast<Syscall>(::dlsym(RTLD_NEXT, "syscall"));
}

}  // namespace keeper

extern "C" {

__attribute__((visibility("default"))) int signalfd(int fd, const sigset_t* mask, int flags) {
  if (keeper::in_monitor && fd == -1 && ::sigismember(mask, SIGCHLD) == 1) {
    if (++keeper::starts == 2) {
      // The keeper hears it from liblxc; one that comes later did not.
      (void)keeper::make_reboot_mark(keeper::reboot_mark);
      keeper::ended();
      keeper::passed(keeper::Step::MONITOR_REBOOT);
      _exit(keeper::kRebootStatus);
    }
    if (!keeper::done(keeper::Step::MONITOR_SIGNALS).ok()) {
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_signalfd4, fd, mask, _NSIG / 8, flags));
}

__attribute__((visibility("default"))) int epoll_wait(int fd, epoll_event* events, int limit,
                                                      int timeout) {
  if (keeper::in_monitor && !keeper::trimmed) {
    keeper::trimmed = true;
    keeper::passed(keeper::Step::MONITOR_RUNNING);
    keeper::closed_later.clear();
    keeper::other_init.reset();
    if (keeper::capture_fd >= 0) ::close(std::exchange(keeper::capture_fd, -1));
    ::malloc_trim(0);
    keeper::release_stack();
  }
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait, fd, events, limit, timeout, nullptr, _NSIG / 8));
}

// Should a liblxc not call it, it would execute what it is configured with then, which cannot be
// found.
__attribute__((visibility("default"))) int execvp(const char* file, char* const* arguments) {
  if (!keeper::in_init || !keeper::other_init.valid()) {
    using Execvp = int (*)(const char*, char* const*);
    auto next = reinterpret_cast<Execvp>(::dlsym(RTLD_NEXT, "execvp"));
    if (next != nullptr) return next(file, arguments);
    errno = ENOSYS;
    return -1;
  }
  std::array<char, 5> name{"init"};
  std::array<char*, 2> only{name.data(), nullptr};
  return ::fexecve(keeper::other_init.get(), only.data(), environ);
}

__attribute__((visibility("default"))) int mkdirat(int directory, const char* name, mode_t mode) {
  const auto in = [name](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  // Nothing else is made by these names before init is cloned.
  if (keeper::makes_cgroups && in(keeper::parents) && !in(keeper::made)) {
    errno = EEXIST;
    return -1;
  }
  const long made = ::syscall(SYS_mkdirat, directory, name, mode);
  if (made != 0 && errno == EEXIST && keeper::makes_cgroups && in(keeper::made)) return 0;
  return static_cast<int>(made);
}

// Takes six arguments, however many were given: that is nobody's mistake.
__attribute__((visibility("default"), no_sanitize("address"))) long syscall(long number, ...) {
  std::array<long, 6> arguments{};
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (keeper::next_syscall == nullptr) {
    keeper::next_syscall = reinterpret_cast<keeper::Syscall>(::dlsym(RTLD_NEXT, "syscall"));
  }
  const auto* clone = number == SYS_clone3 && keeper::in_monitor
                          ? reinterpret_cast<const clone_args*>(arguments[0])
                          : nullptr;
  const uint64_t flags = clone == nullptr ? 0 : clone->flags;
  const bool is_init = (flags & CLONE_NEWPID) != 0;
  if (is_init && !keeper::become_owner()) return -1;
  const long result = keeper::next_syscall(number, arguments[0], arguments[1], arguments[2],
                                           arguments[3], arguments[4], arguments[5]);
  if (is_init) {
    const int why = errno;
    result == 0 ? keeper::become_init() : keeper::be_root_again();
    keeper::makes_cgroups = false;
    if (result > 0) {
      keeper::passed(keeper::Step::MONITOR_CLONED);
      keeper::cloned(static_cast<pid_t>(result));
    }
    if (result == 0) keeper::make_network();
    errno = why;
  }
  if (result > 0 && keeper::hands_over(flags)) {
    keeper::handing_over = static_cast<pid_t>(result);
  }
  return result;
}

// Init's real user is still the host's root, who is nobody in there: to liblxc, with an effective
// user that is the root, it would look like a setuid program, which has to arrange its
// capabilities.
__attribute__((visibility("default"))) uid_t getuid() {
  return keeper::in_init ? ::geteuid() : static_cast<uid_t>(::syscall(SYS_getuid));
}

// Init's, while it waits. As the owner of its user namespace we may, also on a host whose root has
// lost CAP_SYS_RESOURCE.
__attribute__((visibility("default"))) int prlimit64(pid_t pid, enum __rlimit_resource resource,
                                                     const rlimit64* limit, rlimit64* former) {
  const bool of_init = keeper::in_monitor && pid > 0;
  if (of_init && !keeper::become_owner()) return -1;
  const long result = ::syscall(SYS_prlimit64, pid, resource, limit, former);
  const int why = errno;
  if (of_init) keeper::be_root_again();
  errno = why;
  return static_cast<int>(result);
}

__attribute__((visibility("default"))) pid_t waitpid(pid_t pid, int* status, int options) {
  if (keeper::in_monitor && pid > 0 && pid == keeper::handing_over && options == 0) {
    keeper::put_off = 2;
    if (status != nullptr) *status = 0;
    return pid;
  }
  return ::wait4(pid, status, options, nullptr);
}

__attribute__((visibility("default"))) ssize_t read(int fd, void* buffer, size_t size) {
  if (keeper::put_off > 0 && !keeper::handed_over()) {
    errno = EIO;  // as if init had gone: liblxc gives the start up
    return -1;
  }
  return ::syscall(SYS_read, fd, buffer, size);
}

__attribute__((visibility("default"))) int unshare(int flags) {
  const bool made = flags == CLONE_NEWNET && std::exchange(keeper::has_network, false);
  if (!made && ::syscall(SYS_unshare, flags) != 0) return -1;
  if (keeper::in_monitor && flags == CLONE_NEWNET &&
      !keeper::done(keeper::Step::INIT_NETWORK).ok()) {
    errno = EIO;
    return -1;
  }
  return 0;
}

// Rules of a filter that is known already: see seccomp_load.
__attribute__((visibility("default"))) int seccomp_rule_add_exact_array(void* filter,
                                                                        uint32_t action, int number,
                                                                        unsigned count,
                                                                        const void* arguments) {
  if (!keeper::known_filter.empty()) return 0;
  void* library = ::dlopen("libseccomp.so.2", RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) return -ENOSYS;
  auto add = reinterpret_cast<int (*)(void*, uint32_t, int, unsigned, const void*)>(
      ::dlsym(library, "seccomp_rule_add_exact_array"));
  return add == nullptr ? -ENOSYS : add(filter, action, number, count, arguments);
}

__attribute__((visibility("default"))) int seccomp_load(void* filter) {
  const int loaded = keeper::load_filter(filter);
  if (loaded != 0 || !keeper::in_monitor) return loaded;
  return keeper::done(keeper::Step::INIT_FILTER).ok() ? 0 : -EIO;
}

}  // extern "C"
