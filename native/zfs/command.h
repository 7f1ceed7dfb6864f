// The ioctls of /dev/zfs that libzfs_core has no function for, and their one argument: `zfs_cmd` of
// OpenZFS's zfs_ioctl.h. What stands here is its beginning, the same since 0.7, and one field
// behind that, which has had its place since 2.0 (2.4 overlays others to keep it there); of what
// else follows zeros say that there is nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "zfs/failure.h"

namespace zfs {

constexpr unsigned long kObjsetStats = 0x5a12;
constexpr unsigned long kDatasetListNext = 0x5a14;
constexpr unsigned long kSnapshotListNext = 0x5a15;
constexpr unsigned long kSetProp = 0x5a16;
constexpr unsigned long kInheritProp = 0x5a2b;
// On Linux only, and since 2.2.
constexpr unsigned long kUsernsAttach = 0x5a85;
constexpr unsigned long kUsernsDetach = 0x5a86;

constexpr uint64_t kObjsetFilesystem = 2;  // DMU_OST_ZFS

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
  std::array<char, 256> string;
  uint64_t guid;
  uint64_t config;
  uint64_t config_size;
  uint64_t cookie;  // how far a list has come
  uint64_t objset_type;
  std::array<char, 1032> unused;
  int32_t cleanup_fd;
  // More than there is of it in any version: the kernel copies as much as it knows.
  std::array<char, 32768> rest;

  // False when there is no room for it.
  bool set_name(const std::string& text);
};
static_assert(offsetof(Command, value) == 4096 + 6 * 8);
static_assert(offsetof(Command, cookie) == 4096 + 6 * 8 + 8192 + 256 + 3 * 8);
static_assert(offsetof(Command, cleanup_fd) == 13'664);

std::unique_ptr<Command> new_command();
Result<base::UniqueFd> open_device();
// errno, or 0.
int run(const base::UniqueFd& device, unsigned long request, Command& command);

}  // namespace zfs
