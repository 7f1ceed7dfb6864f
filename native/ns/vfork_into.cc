#include "ns/vfork_into.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <memory>

#include "ns/syscalls.h"

namespace ns {
namespace {

// What the child finds on its own, new stack: clone3(2) gives it nothing else.
struct alignas(16) Entry {
  void (*run)(void*);
  void* argument;
};

constexpr size_t kStackSize = size_t{256} * 1024;

// In one piece: the child returns on another stack, so no frame of ours may lie between.
long clone_and_run(const sys::CloneArgs& args) {
#if defined(__x86_64__)
  long result = sys::kClone3;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "popq %%rax\n\t"
      "popq %%rdi\n\t"
      "callq *%%rax\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&args), "S"(sizeof args)
      : "rcx", "r11", "cc", "memory");
  return result;
#elif defined(__aarch64__)
  long result = 0;
  asm volatile(
      "mov x0, %1\n\t"
      "mov x1, %2\n\t"
      "mov x8, %3\n\t"
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "ldp x1, x0, [sp], #16\n\t"
      "blr x1\n\t"
      "brk #1\n"
      "1: mov %0, x0"
      : "=r"(result)
      : "r"(&args), "r"(sizeof args), "r"(sys::kClone3)
      : "x0", "x1", "x8", "cc", "memory");
  return result;
#else
#error "vfork_into: write down how a child begins on this architecture"
#endif
}

}  // namespace

base::Result<pid_t> vfork_into(const VforkInto& how, void (*run)(void*), void* argument) {
  const auto stack = std::make_unique_for_overwrite<Entry[]>(kStackSize / sizeof(Entry));
  Entry& first = stack[kStackSize / sizeof(Entry) - 1];
  first = {run, argument};
  sys::CloneArgs args{};
  args.flags = CLONE_VM | CLONE_VFORK | how.flags;
  if ((how.flags & CLONE_PARENT) == 0) args.exit_signal = SIGCHLD;  // else as ours, clone3(2)
  args.stack = reinterpret_cast<uint64_t>(stack.get());
  args.stack_size = kStackSize - sizeof(Entry);
  if (how.pid != nullptr) {
    args.flags |= CLONE_PARENT_SETTID;
    args.parent_tid = reinterpret_cast<uint64_t>(how.pid);
  }
  if (how.cgroup >= 0) {
    args.flags |= sys::kCloneIntoCgroup;
    args.cgroup = static_cast<uint64_t>(how.cgroup);
  }
  const long pid = clone_and_run(args);
  if (pid < 0) return base::SysError{static_cast<int>(-pid), "clone3", ""};
  return static_cast<pid_t>(pid);
}

}  // namespace ns
