#include "zfs/datasets.h"

#include <array>
#include <cerrno>

#include "zfs/library.h"

namespace zfs {
namespace {

constexpr size_t kMaxName = 256;  // ZFS_MAX_DATASET_NAME_LEN

Result<Unit> result_of(int errnum, const char* call, const std::string& name,
                       std::string detail = {}) {
  if (errnum == 0) return Unit{};
  return Failure{errnum, call, name, std::move(detail), {}, {}};
}

}  // namespace

Result<bool> exists(const std::string& name) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  errno = 0;
  if (lib.value().core->lzc_exists(name.c_str()) == abi::B_TRUE) return true;
  // It says no also when its ioctl could not look, as in a pool that is suspended.
  const int errnum = errno;
  if (errnum == 0 || errnum == ENOENT || errnum == EINVAL || errnum == ENAMETOOLONG) return false;
  return Failure{errnum, "lzc_exists", name, {}, {}, {}};
}

Result<Unit> create(const std::string& name, const Map& properties) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List list(*lib.value().nv, properties);
  if (!list.ok()) return list.failure("nvlist_add", name);
  return result_of(
      lib.value().core->lzc_create(name.c_str(), abi::LZC_DATSET_TYPE_ZFS, list.get(), nullptr, 0),
      "lzc_create", name);
}

Result<Unit> clone(const std::string& origin, const std::string& name, const Map& properties) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List list(*lib.value().nv, properties);
  if (!list.ok()) return list.failure("nvlist_add", name);
  return result_of(lib.value().core->lzc_clone(name.c_str(), origin.c_str(), list.get()),
                   "lzc_clone", name);
}

Result<Unit> promote(const std::string& name) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  std::array<char, kMaxName> conflict{};
  const int errnum = lib.value().core->lzc_promote(name.c_str(), conflict.data(), conflict.size());
  return result_of(errnum, "lzc_promote", name, conflict.data());
}

Result<Unit> rename(const std::string& from, const std::string& to) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  return result_of(lib.value().core->lzc_rename(from.c_str(), to.c_str()), "lzc_rename", from);
}

Result<Unit> destroy(const std::string& name) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  return result_of(lib.value().core->lzc_destroy(name.c_str()), "lzc_destroy", name);
}

Result<Unit> rollback(const std::string& name, const std::string& snapshot) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  return result_of(lib.value().core->lzc_rollback_to(name.c_str(), snapshot.c_str()),
                   "lzc_rollback_to", snapshot);
}

}  // namespace zfs
