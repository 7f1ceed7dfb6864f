// The first process of a container that was started for a program alone (`exec` with `run`), in the
// place of its own init, which must not run then. The keeper executes it from a sealed copy, so
// that nothing in the guest's rootfs has to be there, or can take its place; hence no libraries,
// and the less of it the better.
//
// It has lo up, as an init would, takes in whom others have left, and ends when it is told to; all
// others end with it, pid_namespaces(7). The keeper kills it with the last program. Should nobody
// be there to do so, as the keeper was killed, or who had it started before it began a program, it
// ends by itself: so from a while after its start on it looks whether anybody else is there. That
// it has to do itself: programs that come from outside are nobody's children in here, and no
// descriptor tells when the last one has gone.

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace {

#if defined(__x86_64__)
long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long r10 __asm__("r10") = d;
  long result = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}
#define ENTRY extern "C" [[noreturn]] __attribute__((force_align_arg_pointer)) void _start()
#elif defined(__aarch64__)
long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#define ENTRY extern "C" [[noreturn]] void _start()
#else  // linked statically with libc, see binding.gyp
extern "C" long syscall(long number, ...) noexcept;
long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  const long result = syscall(number, a, b, c, d);
  return result < 0 ? -errno : result;
}
#define ENTRY int main()
#endif

// What the kernel has, not libc.
using Signals = unsigned long;
struct Time {
  long seconds;
  long nanoseconds;
};

constexpr Signals set_of(int signal) {
  return 1UL << (signal - 1);
}

template <typename T>
long address(const T& value) {
  return reinterpret_cast<long>(&value);
}

// Nobody is told where there is no lo to be had: programs see that themselves.
void bring_lo_up() {
  const long socket = call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  ifreq lo{};
  lo.ifr_name[0] = 'l';
  lo.ifr_name[1] = 'o';
  lo.ifr_flags = IFF_UP;
  call(SYS_ioctl, socket, SIOCSIFFLAGS, address(lo));
  call(SYS_close, socket);
}

// Seconds until nobody is expected to come any more. Who comes later is told that it does not run,
// and starts it again.
constexpr int kAlone = 5;

}  // namespace

ENTRY {
  call(SYS_prctl, PR_SET_NAME, reinterpret_cast<long>("init"));
  // Who is the first in a pid namespace is not told of signals that it neither blocks nor catches.
  const Signals all = ~0UL;
  bring_lo_up();
  call(SYS_rt_sigprocmask, SIG_SETMASK, address(all), 0, sizeof all);
  const Signals heard = set_of(SIGCHLD) | set_of(SIGTERM);
  for (int seconds = 0;;) {
    const Time second{1, 0};
    const long signal = call(SYS_rt_sigtimedwait, address(heard), 0, address(second), sizeof heard);
    while (call(SYS_wait4, -1, 0, WNOHANG, 0) > 0) {
    }
    if (signal == -EAGAIN && seconds < kAlone) seconds++;
    const bool alone = seconds == kAlone && call(SYS_kill, -1, 0) == -ESRCH;
    if (signal == SIGTERM || alone) call(SYS_exit_group, 0);
  }
}
