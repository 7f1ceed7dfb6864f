// Built by CMake only, where LXC's header is installed: our beliefs against the real thing,
// at compile time. It has no code.
#if __has_include(<lxc/lxccontainer.h>)

// clang-format off
#include <lxc/lxccontainer.h>  // declares ::lxc_container …
#include <lxc/version.h>
#include "abi/lxc.h"           // … and this one abi::lxc_container
// clang-format on

#include <cstddef>
#include <type_traits>

// Every member has its place, and every function that we call its prototype. The names in the
// lists are resolved here, outside of our namespace, so they mean the library's own types.
#define SAME_PLACE(name)                                                             \
  static_assert(offsetof(lxc_container, name) == offsetof(abi::lxc_container, name), \
                "lxc_container::" #name " is elsewhere");
#define FIELD(type, name) \
  SAME_PLACE(name)        \
  static_assert(std::is_same_v<decltype(lxc_container::name), type>, #name);
#define METHOD(type, name, arguments) \
  SAME_PLACE(name)                    \
  static_assert(std::is_same_v<decltype(lxc_container::name), type(*) arguments>, #name);
#define OPAQUE(name) SAME_PLACE(name)
#include "abi/lxc_container.def.h"

// Later versions append members, and never take any away.
static_assert(sizeof(lxc_container) >= sizeof(abi::lxc_container));
#if LXC_VERSION_MAJOR >= 6
static_assert(offsetof(lxc_container, set_timeout) == offsetof(abi::lxc_container_6, set_timeout));
static_assert(std::is_same_v<decltype(lxc_container::set_timeout), bool (*)(lxc_container*, int)>);
#endif

#define REQUIRED(type, name, arguments) \
  static_assert(std::is_same_v<decltype(&name), type(*) arguments>, #name);
#define OPTIONAL REQUIRED
#define OPTIONAL_DATA(type, name)  // not in the header
#include "abi/lxc.def.h"

static_assert(sizeof(lxc_log) == sizeof(abi::lxc_log));
static_assert(offsetof(lxc_log, name) == offsetof(abi::lxc_log, name));
static_assert(offsetof(lxc_log, lxcpath) == offsetof(abi::lxc_log, lxcpath));
static_assert(offsetof(lxc_log, file) == offsetof(abi::lxc_log, file));
static_assert(offsetof(lxc_log, level) == offsetof(abi::lxc_log, level));
static_assert(offsetof(lxc_log, prefix) == offsetof(abi::lxc_log, prefix));
static_assert(offsetof(lxc_log, quiet) == offsetof(abi::lxc_log, quiet));

#endif
