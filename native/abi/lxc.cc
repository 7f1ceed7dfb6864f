#include "abi/lxc.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace abi {

void Lxc::open() {
  // A constructor in liblxc executes the whole program again from a memfd when this is set
  // (a guard against writing to a privileged binary). Here the program would be the embedding one.
  if (::getenv("LXC_MEMFD_REXEC") != nullptr) {
    info.soname = "liblxc.so.1";
    info.reason = "LXC_MEMFD_REXEC is set: liblxc would execute this program again";
    return;
  }
  info = open_library("liblxc.so.1", "VPSADMINOS_LIBLXC",
                      {
#define REQUIRED(type, name, arguments) {#name, reinterpret_cast<void**>(&name), true},
#define OPTIONAL(type, name, arguments) {#name, reinterpret_cast<void**>(&name), false},
#define OPTIONAL_DATA(type, name) OPTIONAL(type, name, ())
#include "abi/lxc.def.h"
#undef REQUIRED
#undef OPTIONAL
#undef OPTIONAL_DATA
                      });
  if (!info.loaded) return;
  info.version = lxc_get_version();
  if (std::sscanf(info.version.c_str(), "%d.%d", &major, &minor) != 2 || major < 5) {
    info.loaded = false;
    info.reason = "version " + info.version + " is older than 5.0";
    return;
  }
  if (major >= 6) info.optional.push_back("set_timeout");
}

const Lxc* lxc(LibraryInfo* why) {
  return opened<Lxc>(why);
}

int set_timeout(const Lxc& library, lxc_container* container, int seconds) {
  if (library.major < 6) return ENOSYS;
  return reinterpret_cast<lxc_container_6*>(container)->set_timeout(container, seconds) ? 0
                                                                                        : EINVAL;
}

}  // namespace abi
