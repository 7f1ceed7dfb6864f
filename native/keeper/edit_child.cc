#include "keeper/edit_child.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "keeper/channel.h"
#include "keeper/step.h"
#include "keeper/window_size.h"
#include "ns/rootfs.h"

namespace keeper {
namespace {

constexpr size_t kMaxRead = 64 * 1024;  // answers travel in one frame

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

base::Status prepare_parents(int root, const Fields& fields, const std::string& path) {
  const std::string parent = parent_of(path);
  if (fields.number(Tag::MKDIRS) == 0 || parent.empty()) return base::success();
  return ns::mkdir_in_root(root, parent, 0755);
}

// Documentation/admin-guide/devices.txt: of a devpts, and those that a guest can have are its own.
// What it may have put there instead is not even opened: /dev/tty, for one, would be ours.
bool is_pseudoterminal(const struct stat& info) {
  return S_ISCHR(info.st_mode) && major(info.st_rdev) >= 136 && major(info.st_rdev) <= 143;
}

base::Status resize(int root, const Fields& fields, const std::string& path) {
  auto seen = ns::open_in_root(root, path, O_PATH);
  if (!seen.ok()) return std::move(seen.error());
  struct stat info{};
  if (::fstat(seen->get(), &info) < 0) return base::last_error("fstat", path);
  if (!is_pseudoterminal(info)) return base::SysError{ENOTTY, "ioctl", path};
  auto terminal = ns::reopen(seen->get(), O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (!terminal.ok()) return std::move(terminal.error());
  return set_window_size(terminal->get(), static_cast<uint16_t>(fields.number(Tag::ROWS)),
                         static_cast<uint16_t>(fields.number(Tag::COLS)));
}

base::Status edit(int root, const Fields& fields, ns::Flush flush, Writer& answer) {
  const std::string_view op = fields.text(Tag::OP);
  const std::string path = fields.str(Tag::PATH);
  const auto mode = static_cast<mode_t>(fields.number(Tag::FILE_MODE, 0644)) & 07777;
  if (path.find('\0') != std::string::npos) return base::SysError{EINVAL, "edit", path};
  if (op == "write") {
    TRY_STATUS(prepare_parents(root, fields, path));
    return ns::write_file_in_root(root, path, fields.text(Tag::DATA), mode, owner_of(fields),
                                  flush);
  }
  if (op == "read") {
    const size_t limit = std::min<size_t>(fields.number(Tag::SIZE, kMaxRead), kMaxRead);
    auto data = ns::read_file_in_root(root, path, limit);
    if (!data.ok()) return std::move(data.error());
    answer.put(Tag::DATA, *data);
    return base::success();
  }
  if (op == "mkdir") return ns::mkdir_in_root(root, path, mode, owner_of(fields));
  if (op == "symlink") {
    TRY_STATUS(prepare_parents(root, fields, path));
    return ns::symlink_in_root(root, path, fields.str(Tag::TARGET), owner_of(fields));
  }
  if (op == "readlink") {
    auto target = ns::readlink_in_root(root, path);
    if (!target.ok()) return std::move(target.error());
    answer.put(Tag::TARGET, *target);
    return base::success();
  }
  if (op == "unlink") return ns::unlink_in_root(root, path);
  if (op == "stat" || op == "lstat") {
    auto info = ns::stat_in_root(root, path, op == "stat");
    if (!info.ok()) return std::move(info.error());
    answer.put(Tag::TYPE, type_of(info->st_mode));
    answer.number(Tag::FILE_MODE, info->st_mode & 07777);
    answer.number(Tag::SIZE, static_cast<uint64_t>(info->st_size));
    answer.number(Tag::UID, info->st_uid).number(Tag::GID, info->st_gid);
    return base::success();
  }
  if (op == "resize") return resize(root, fields, path);
  if (op == "hostname") {
    const std::string name = fields.str(Tag::DATA);
    if (::sethostname(name.c_str(), name.size()) != 0) return base::last_error("sethostname", name);
    return base::success();
  }
  return base::SysError{EINVAL, "edit", std::string(op)};
}

}  // namespace

void run_edit(const EditInput& input) {
  begin_child(input);
  auto root = enter(input);
  if (!root.ok()) refuse(input, "enter", root.error());
  if (auto entered = done(Step::EDIT_ENTERED); !entered.ok()) {
    refuse(input, "enter", entered.error());
  }
  const auto flush = input.fields.number(Tag::FLUSH) != 0 ? ns::Flush::kNow : ns::Flush::kLater;
  Writer answer(Kind::REPLY, 0);
  for (const std::string_view bytes : input.fields.all(Tag::ITEM)) {
    const auto fields = Fields::parse(bytes);
    if (!fields) refuse(input, "edit", {EINVAL, "edit", ""});
    Writer result;
    auto edited = edit(root->get(), *fields, flush, result);
    if (edited.ok()) edited = done(Step::EDIT_WRITTEN);
    if (!edited.ok()) {
      result = Writer();
      result.number(Tag::ERRNO, static_cast<uint64_t>(edited.error().errnum));
      result.put(Tag::SYSCALL, edited.error().syscall).put(Tag::PATH, edited.error().path);
    }
    answer.put(Tag::ITEM, result);
  }
  if (const auto sent = send(input.report, answer.bytes()); !sent.ok()) {
    refuse(input, "edit", sent.error());
  }
  _exit(0);
}

}  // namespace keeper
