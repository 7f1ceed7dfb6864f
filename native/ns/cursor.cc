// RESOLVE_NO_XDEV sees bind mounts of the same filesystem too, which st_dev does not tell apart.
#include "ns/cursor.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "base/retry.h"
#include "ns/syscalls.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::success;
using base::SysError;
using base::UniqueFd;

UniqueFd open_step(int dir, const char* name) {
  sys::OpenHow how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = sys::kResolveNoXdev | sys::kResolveNoSymlinks;
  return UniqueFd(static_cast<int>(
      base::retry([&] { return ::syscall(sys::kOpenat2, dir, name, &how, sizeof how); })));
}

// struct linux_dirent64, which libc declares under other names.
struct Dirent64 {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  unsigned char type;
  char name[1];
};

unsigned char type_of(int dir, const char* name) {
  struct stat info{};
  if (::fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0) return DT_UNKNOWN;
  return IFTODT(info.st_mode);
}

}  // namespace

Result<Cursor> Cursor::open(int dirfd, const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return SysError{path.empty() ? ENOENT : EBUSY, "openat2", path};
  const size_t slash = path.rfind('/', end);
  std::string parent = ".";
  if (slash != std::string::npos) parent = slash == 0 ? "/" : path.substr(0, slash);
  const std::string name =
      slash == std::string::npos ? path.substr(0, end + 1) : path.substr(slash + 1, end - slash);
  if (name == "." || name == "..") return SysError{EINVAL, "openat2", path};
  auto dir = base::open_at(dirfd, parent, O_PATH | O_DIRECTORY);
  if (!dir.ok()) return std::move(dir.error());
  Cursor cursor;
  cursor.fd_ = open_step(dir->get(), name.c_str());
  if (!cursor.fd_.valid()) return last_error("openat2", path);
  return cursor;
}

Result<Cursor> Cursor::open_there(int dirfd, const std::string& path) {
  auto dir = base::open_at(dirfd, path, O_RDONLY | O_DIRECTORY);
  if (!dir.ok()) return std::move(dir.error());
  Cursor cursor;
  cursor.fd_ = std::move(*dir);
  return cursor;
}

Status Cursor::down(const std::string& name) {
  struct stat here{};
  if (::fstat(fd_.get(), &here) < 0) return last_error("fstat", path());
  UniqueFd below = open_step(fd_.get(), name.c_str());
  if (!below.valid()) return last_error("openat2", path(name));
  above_.push_back({here.st_dev, here.st_ino, name});
  fd_ = std::move(below);
  return success();
}

Status Cursor::up() {
  UniqueFd parent = open_step(fd_.get(), "..");
  if (!parent.valid()) return last_error("openat2", path(".."));
  struct stat info{};
  if (::fstat(parent.get(), &info) < 0) return last_error("fstat", path(".."));
  if (info.st_dev != above_.back().device || info.st_ino != above_.back().inode) {
    return SysError{ESTALE, "openat2", path("..")};
  }
  above_.pop_back();
  fd_ = std::move(parent);
  return success();
}

std::string Cursor::path(const std::string& name) const {
  std::string text;
  for (const auto& above : above_) text += above.name + "/";
  text += name;
  if (!text.empty() && text.back() == '/') text.pop_back();
  return text;
}

Status each_entry(int dir, const OnEntry& on_entry) {
  if (::lseek(dir, 0, SEEK_SET) < 0) return last_error("lseek");
  alignas(Dirent64) char buffer[32 * 1024];
  for (;;) {
    const long got =
        base::retry([&] { return ::syscall(SYS_getdents64, dir, buffer, sizeof buffer); });
    if (got < 0) return last_error("getdents64");
    if (got == 0) return success();
    for (long at = 0; at < got;) {
      const char* record = buffer + at;
      uint16_t length = 0;
      std::memcpy(&length, record + offsetof(Dirent64, length), sizeof length);
      const char* name = record + offsetof(Dirent64, name);
      unsigned char type = static_cast<unsigned char>(record[offsetof(Dirent64, type)]);
      at += length;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      if (type == DT_UNKNOWN) type = type_of(dir, name);
      TRY_STATUS(on_entry(name, type));
    }
  }
}

}  // namespace ns
