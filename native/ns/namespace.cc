// stat(2) on /proc/PID/ns/TYPE goes through the magic link, so no text is parsed.
#include "ns/namespace.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "base/file.h"

namespace ns {

base::Result<NamespaceIds> namespace_ids(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/ns";
  auto dir = base::open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
  if (!dir.ok()) return std::move(dir.error());
  NamespaceIds ids;
  for (size_t i = 0; i < kNamespaces.size(); ++i) {
    struct stat info{};
    if (::fstatat(dir->get(), kNamespaces[i], &info, 0) == 0) {
      ids[i] = info.st_ino;
      continue;
    }
    // The name is missing on kernels without that type; a process that has just gone has the names
    // but leads nowhere, which is ENOENT as well, so ask for the name itself.
    const int errnum = errno;
    if (errnum == ENOENT && ::fstatat(dir->get(), kNamespaces[i], &info, AT_SYMLINK_NOFOLLOW) < 0 &&
        errno == ENOENT) {
      continue;
    }
    return base::SysError{errnum, "fstatat", path + "/" + kNamespaces[i]};
  }
  return ids;
}

}  // namespace ns
