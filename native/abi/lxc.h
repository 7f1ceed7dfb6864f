// What we believe about liblxc 5.0 and later. The declarations are ours, so that nothing
// of LXC is needed to build; conformance.cc compares them with the real header.
#pragma once

#include <sys/types.h>

#include "abi/library.h"

namespace abi {

struct lxc_conf;
struct lxc_lock;

extern "C" {

struct lxc_container {
#define FIELD(type, name) type name;
#define METHOD(type, name, arguments) type(*name) arguments;
#define OPAQUE(name) void (*name)();
#include "abi/lxc_container.def.h"
#undef FIELD
#undef METHOD
#undef OPAQUE
  // Later members are not here but reached through functions: in an older library they would be
  // whatever follows the struct in memory.
};

// What 6.0.0 appended. Only for set_timeout() and for conformance.cc.
struct lxc_container_6 {
  struct lxc_container before;
  int rcv_timeout;
  bool (*set_timeout)(struct lxc_container*, int seconds);
};

struct lxc_log {
  const char* name;
  const char* lxcpath;
  const char* file;
  const char* level;
  const char* prefix;
  bool quiet;
};

}  // extern "C"

struct Lxc {
  LibraryInfo info;
  int major = 0;
  int minor = 0;

#define REQUIRED(type, name, arguments) type(*name) arguments = nullptr;
#define OPTIONAL(type, name, arguments) type(*name) arguments = nullptr;
#define OPTIONAL_DATA(type, name) type* name = nullptr;
#include "abi/lxc.def.h"
#undef REQUIRED
#undef OPTIONAL
#undef OPTIONAL_DATA

  void open();
};

// liblxc.so.1, or what VPSADMINOS_LIBLXC names; see opened(). Any thread.
const Lxc* lxc(LibraryInfo* why = nullptr);

// Limits how long liblxc waits for the answer of a container's monitor. Since liblxc 6.0.0 (that
// has no API extension to ask for): ENOSYS before. Returns 0 or an errno.
int set_timeout(const Lxc& library, lxc_container* container, int seconds);

}  // namespace abi
