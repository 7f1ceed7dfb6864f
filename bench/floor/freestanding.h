// System calls without a C library: what runs inside the containers starts at its first
// instruction, so that no row pays for a library's own start.
#ifndef BENCH_FLOOR_FREESTANDING_H_
#define BENCH_FLOOR_FREESTANDING_H_

#include <sys/syscall.h>

static inline long call(long number, long a, long b, long c, long d) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
#else
#error "the bench knows x86_64 and aarch64"
#endif
}

#endif
