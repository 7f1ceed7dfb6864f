#include "abi/library.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>

namespace abi {

static std::string loader_message() {
  const char* message = ::dlerror();
  return message == nullptr ? "unknown error of the dynamic loader" : message;
}

LibraryInfo open_library(const char* soname, const char* override_variable,
                         const std::vector<Symbol>& symbols) {
  LibraryInfo info;
  info.soname = soname;
  const char* file = ::getenv(override_variable);
  if (file == nullptr || *file == '\0') file = soname;

  // RTLD_NOW: a library that is itself incomplete fails here and not in the middle of a start.
  void* library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    info.reason = loader_message();
    return info;
  }
  link_map* map = nullptr;
  if (::dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr) info.path = map->l_name;

  for (const Symbol& symbol : symbols) {
    *symbol.slot = ::dlsym(library, symbol.name);
    if (*symbol.slot == nullptr && symbol.required) {
      info.reason = "symbol '" + std::string(symbol.name) + "' is missing in " + info.path;
      return info;
    }
    if (*symbol.slot != nullptr && !symbol.required) info.optional.push_back(symbol.name);
  }
  info.loaded = true;
  return info;
}

}  // namespace abi
