// The confinement that a system container gets besides its namespaces: capabilities that reach the
// machine are dropped, and a seccomp filter refuses the calls that liblxc's common profile refuses.
#ifndef BENCH_FLOOR_CONFINE_H_
#define BENCH_FLOOR_CONFINE_H_

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))

static inline void confine(void) {
  static const int dropped[] = {CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME,  CAP_MAC_OVERRIDE,
                                CAP_MAC_ADMIN,  CAP_SYSLOG,    CAP_WAKE_ALARM};
  for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
    if (prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0)) die("PR_CAPBSET_DROP");

  struct sock_filter filter[] = {
      LOAD(offsetof(struct seccomp_data, arch)),
      EQUAL(NATIVE_ARCH, 0, 10),
      LOAD(offsetof(struct seccomp_data, nr)),
      EQUAL(SYS_kexec_load, 9, 0),
      EQUAL(SYS_kexec_file_load, 8, 0),
      EQUAL(SYS_open_by_handle_at, 7, 0),
      EQUAL(SYS_init_module, 6, 0),
      EQUAL(SYS_finit_module, 5, 0),
      EQUAL(SYS_delete_module, 4, 0),
      EQUAL(SYS_umount2, 0, 2),
      LOAD(offsetof(struct seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1 /* MNT_FORCE */, 1, 0),
      ANSWER(SECCOMP_RET_ALLOW),
      ANSWER(SECCOMP_RET_ERRNO | EPERM),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) die("seccomp");
}

#endif
