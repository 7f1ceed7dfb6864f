// Numbers and structures of newer system calls, declared here so that old headers suffice to build.
// The numbers are the same on every architecture that got these calls after the common table began.
#pragma once

#include <cstdint>

namespace ns::sys {

constexpr long kPidfdSendSignal = 424;
constexpr long kOpenTree = 428;
constexpr long kMoveMount = 429;
constexpr long kFsopen = 430;
constexpr long kFsconfig = 431;
constexpr long kFsmount = 432;
constexpr long kPidfdOpen = 434;
constexpr long kClone3 = 435;
constexpr long kOpenat2 = 437;
constexpr long kPidfdGetfd = 438;
constexpr long kMountSetattr = 442;

struct OpenHow {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};
constexpr uint64_t kResolveNoXdev = 0x01;
constexpr uint64_t kResolveNoMagiclinks = 0x02;
constexpr uint64_t kResolveNoSymlinks = 0x04;
constexpr uint64_t kResolveBeneath = 0x08;
constexpr uint64_t kResolveInRoot = 0x10;

// Of statx(2), kernel 5.8.
constexpr uint64_t kStatxAttrMountRoot = 0x2000;

struct MountAttr {
  uint64_t attr_set;
  uint64_t attr_clr;
  uint64_t propagation;
  uint64_t userns_fd;
};

// clone3(2), as of kernel 5.7. Pointers and descriptors are 64 bits wide.
struct CloneArgs {
  uint64_t flags;
  uint64_t pidfd;
  uint64_t child_tid;
  uint64_t parent_tid;
  uint64_t exit_signal;
  uint64_t stack;
  uint64_t stack_size;
  uint64_t tls;
  uint64_t set_tid;
  uint64_t set_tid_size;
  uint64_t cgroup;
};
constexpr uint64_t kCloneIntoCgroup = 0x200000000;

}  // namespace ns::sys
