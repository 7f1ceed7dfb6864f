#include "zfs/delegation.h"

#include <cerrno>

#include "zfs/command.h"

namespace zfs {
namespace {

base::Status hand(unsigned long request, const char* name, const std::string& dataset, int userns,
                  int done_before) {
  auto device = open_device();
  if (!device.ok()) return base::SysError{device.error().errnum, "open", device.error().name};
  const auto command = new_command();
  if (!command->set_name(dataset)) return base::SysError{ENAMETOOLONG, name, dataset};
  command->objset_type = kObjsetFilesystem;
  command->cleanup_fd = userns;
  const int errnum = run(*device, request, *command);
  if (errnum != 0 && errnum != done_before) return base::SysError{errnum, name, dataset};
  return base::success();
}

}  // namespace

base::Status attach(const std::string& dataset, int userns) {
  return hand(kUsernsAttach, "userns_attach", dataset, userns, EEXIST);
}

base::Status detach(const std::string& dataset, int userns) {
  return hand(kUsernsDetach, "userns_detach", dataset, userns, ENOENT);
}

}  // namespace zfs
