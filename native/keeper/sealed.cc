#include "keeper/sealed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace keeper {
namespace {
constexpr off_t kMaxProgram = 64 * 1024 * 1024;
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
}  // namespace

base::Result<base::UniqueFd> sealed_copy(int program, const char* name) {
  base::UniqueFd copy(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy.valid()) return base::last_error("memfd_create");
  struct stat info{};
  if (::fstat(program, &info) != 0) return base::last_error("fstat", name);
  if (!S_ISREG(info.st_mode) || info.st_size > kMaxProgram) {
    return base::SysError{ENOEXEC, "fstat", name};
  }
  for (off_t done = 0; done < info.st_size;) {
    const ssize_t sent =
        ::sendfile(copy.get(), program, &done, static_cast<size_t>(info.st_size - done));
    if (sent < 0) return base::last_error("sendfile", name);
    if (sent == 0) return base::SysError{ENOEXEC, "sendfile", name};  // it has become shorter
  }
  if (::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0)
    return base::last_error("fcntl", "F_ADD_SEALS");
  return copy;
}

base::Status run_sealed(char** argv) {
  const char* self = "/proc/self/exe";
  base::UniqueFd source(::open(self, O_RDONLY | O_CLOEXEC));
  if (!source.valid()) return base::last_error("open", self);
  if (::fcntl(source.get(), F_GET_SEALS) == kSeals) return base::success();
  const auto copy = sealed_copy(source.get(), "keeper");
  if (!copy.ok()) return copy.error();
  ::fexecve(copy->get(), argv, environ);
  return base::last_error("fexecve", "keeper");
}

}  // namespace keeper
