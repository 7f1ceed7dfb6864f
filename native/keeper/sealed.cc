#include "keeper/sealed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

extern char** environ;

namespace keeper {
namespace {
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
}

base::Status run_sealed(char** argv) {
  const char* self = "/proc/self/exe";
  base::UniqueFd source(::open(self, O_RDONLY | O_CLOEXEC));
  if (!source.valid()) return base::last_error("open", self);
  if (::fcntl(source.get(), F_GET_SEALS) == kSeals) return base::success();
  base::UniqueFd copy(::memfd_create("keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy.valid()) return base::last_error("memfd_create");
  struct stat info{};
  if (::fstat(source.get(), &info) != 0) return base::last_error("fstat", self);
  for (off_t done = 0; done < info.st_size;) {
    const ssize_t sent =
        ::sendfile(copy.get(), source.get(), &done, static_cast<size_t>(info.st_size - done));
    if (sent <= 0) return base::last_error("sendfile", self);
  }
  if (::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0)
    return base::last_error("fcntl", "F_ADD_SEALS");
  ::fexecve(copy.get(), argv, environ);
  return base::last_error("fexecve", "keeper");
}

}  // namespace keeper
