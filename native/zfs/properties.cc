// Changing properties is an ioctl that libzfs_core has no function for. What we need to know of its
// argument, `zfs_cmd` of OpenZFS's zfs_ioctl.h, is the beginning: the same since 0.7. What follows
// it says, as zeros, that these are no properties received with a stream.

#include <fcntl.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/fd.h"
#include "zfs/datasets.h"
#include "zfs/library.h"

namespace zfs {
namespace {

constexpr unsigned long kSetProp = 0x5a16;
constexpr unsigned long kInheritProp = 0x5a2b;

struct Command {
  std::array<char, 4096> name;
  uint64_t source;  // a packed nvlist
  uint64_t source_size;
  uint64_t result;  // where there is room for one
  uint64_t result_size;
  int32_t result_filled;
  int32_t padding;
  uint64_t history;
  std::array<char, 8192> value;
  // More than there is of it in any version: the kernel copies as much as it knows.
  std::array<char, 32768> rest;
};
static_assert(offsetof(Command, value) == 4096 + 6 * 8);

bool fits(const std::string& text, size_t room) {
  return text.size() < room;
}

Result<Unit> run(Command& command, unsigned long request, const char* call) {
  const std::string name = command.name.data();
  const base::UniqueFd fd(::open("/dev/zfs", O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return Failure{errno, "open", "/dev/zfs", {}, {}, {}};
  if (::ioctl(fd.get(), request, &command) == 0) return Unit{};
  return Failure{errno, call, name, command.value.data(), {}, {}};
}

std::unique_ptr<Command> command_for(const std::string& name) {
  auto command = std::make_unique<Command>();
  std::memset(command.get(), 0, sizeof *command);
  std::memcpy(command->name.data(), name.data(), name.size());
  return command;
}

}  // namespace

Result<Unit> set_properties(const std::string& name, const Map& properties) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  if (!fits(name, sizeof Command::name)) return Failure{ENAMETOOLONG, "set_prop", name, {}, {}, {}};
  List list(*lib.value().nv, properties);
  std::string source = list.ok() ? list.packed() : std::string();
  if (!list.ok()) return list.failure("nvlist_pack", name);
  // Which of them were refused comes back by name.
  std::array<char, 16384> result{};
  const auto command = command_for(name);
  command->source = reinterpret_cast<uintptr_t>(source.data());
  command->source_size = source.size();
  command->result = reinterpret_cast<uintptr_t>(result.data());
  command->result_size = result.size();
  auto status = run(*command, kSetProp, "set_prop");
  if (status.ok() || command->result_filled == 0) return status;
  List errors(*lib.value().nv);
  if (lib.value().nv->nvlist_unpack(result.data(), command->result_size, errors.out(), 0) == 0) {
    status.error().errors = errors.read_errors();
  }
  return status;
}

Result<Unit> inherit_property(const std::string& name, const std::string& property) {
  if (!fits(name, sizeof Command::name) || !fits(property, sizeof Command::value)) {
    return Failure{ENAMETOOLONG, "inherit_prop", name, {}, {}, {}};
  }
  const auto command = command_for(name);
  std::memcpy(command->value.data(), property.data(), property.size());
  auto status = run(*command, kInheritProp, "inherit_prop");
  if (!status.ok()) status.error().detail = property;
  return status;
}

}  // namespace zfs
