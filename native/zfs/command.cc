#include "zfs/command.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace zfs {

bool Command::set_name(const std::string& text) {
  if (text.size() >= name.size()) return false;
  std::memcpy(name.data(), text.c_str(), text.size() + 1);
  return true;
}

std::unique_ptr<Command> new_command() {
  return std::make_unique<Command>();  // zeros
}

Result<base::UniqueFd> open_device() {
  base::UniqueFd fd(::open("/dev/zfs", O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return Failure{errno, "open", "/dev/zfs", {}, {}, {}};
  return fd;
}

int run(const base::UniqueFd& device, unsigned long request, Command& command) {
  return ::ioctl(device.get(), request, &command) == 0 ? 0 : errno;
}

}  // namespace zfs
