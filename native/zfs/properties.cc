// Changing properties is an ioctl that libzfs_core has no function for. That what it is not given
// is zero says that these are no properties received with a stream.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "zfs/command.h"
#include "zfs/datasets.h"
#include "zfs/library.h"

namespace zfs {
namespace {

Result<Unit> run(Command& command, unsigned long request, const char* call) {
  const std::string name = command.name.data();
  auto device = open_device();
  if (!device.ok()) return std::move(device.error());
  const int errnum = run(device.value(), request, command);
  if (errnum == 0) return Unit{};
  return Failure{errnum, call, name, command.value.data(), {}, {}};
}

}  // namespace

Result<Unit> set_properties(const std::string& name, const Map& properties) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const auto command = new_command();
  if (!command->set_name(name)) return Failure{ENAMETOOLONG, "set_prop", name, {}, {}, {}};
  List list(*lib.value().nv, properties);
  std::string source = list.ok() ? list.packed() : std::string();
  if (!list.ok()) return list.failure("nvlist_pack", name);
  // Which of them were refused comes back by name.
  std::array<char, 16384> result{};
  command->source = reinterpret_cast<uintptr_t>(source.data());
  command->source_size = source.size();
  command->result = reinterpret_cast<uintptr_t>(result.data());
  command->result_size = result.size();
  auto status = run(*command, kSetProp, "set_prop");
  if (status.ok() || command->result_filled == 0) return status;
  List errors(*lib.value().nv);
  errors.unpack({result.data(), std::min<size_t>(command->result_size, result.size())});
  if (errors.ok()) status.error().errors = errors.read_errors();
  return status;
}

Result<Unit> inherit_property(const std::string& name, const std::string& property) {
  const auto command = new_command();
  if (!command->set_name(name) || property.size() >= command->value.size()) {
    return Failure{ENAMETOOLONG, "inherit_prop", name, {}, {}, {}};
  }
  std::memcpy(command->value.data(), property.data(), property.size());
  auto status = run(*command, kInheritProp, "inherit_prop");
  if (!status.ok()) status.error().detail = property;
  return status;
}

}  // namespace zfs
