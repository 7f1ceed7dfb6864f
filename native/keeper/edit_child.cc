#include "keeper/edit_child.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "base/fd.h"
#include "base/retry.h"
#include "keeper/channel.h"
#include "keeper/descriptors.h"
#include "keeper/rootfs.h"
#include "keeper/step.h"
#include "ns/replacement.h"
#include "ns/rootfs.h"

namespace keeper {
namespace {

constexpr size_t kMaxRead = 64 * 1024;  // answers travel in one frame
constexpr unsigned kSettleSeconds = 30;

// After this we are the container's root and nobody more: what it may not do, we may not.
base::Result<base::UniqueFd> enter(const EditInput& input) {
  base::UniqueFd root;
  if (input.rootfs != nullptr) {
    if (::unshare(CLONE_NEWNS) != 0) return base::last_error("unshare");
    // The mount lives and dies with this process.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return base::last_error("mount", "/");
    }
    if (auto mounted = mount_rootfs(*input.rootfs, input.userns); !mounted.ok()) {
      return std::move(mounted.error());
    }
    root.reset(::open(input.rootfs->target.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid()) return base::last_error("open", input.rootfs->target);
    if (::setns(input.userns, CLONE_NEWUSER) != 0) return base::last_error("setns");
  } else {
    // Files in /proc/sys are those of the namespaces of whoever opens them.
    constexpr int kAll = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWIPC;
    if (::setns(input.init_fd, kAll) != 0) {
      return base::last_error("setns");
    }
    root.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid()) return base::last_error("open", "/");
  }
  if (::setgroups(0, nullptr) != 0) return base::last_error("setgroups");
  if (::setresgid(0, 0, 0) != 0) return base::last_error("setresgid");
  if (::setresuid(0, 0, 0) != 0) return base::last_error("setresuid");
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::umask(0);
  return root;
}

ns::Owner owner_of(const Fields& fields) {
  ns::Owner owner;
  if (fields.has(Tag::UID)) owner.uid = static_cast<uid_t>(fields.number(Tag::UID));
  if (fields.has(Tag::GID)) owner.gid = static_cast<gid_t>(fields.number(Tag::GID));
  return owner;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

base::Status prepare_parents(int root, const Fields& fields, const std::string& path) {
  const std::string parent = parent_of(path);
  if (fields.number(Tag::MKDIRS) == 0 || parent.empty()) return base::success();
  return ns::mkdir_in_root(root, parent, 0755);
}

const char* type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFCHR:
      return "character";
    case S_IFBLK:
      return "block";
    case S_IFIFO:
      return "fifo";
    default:
      return "socket";
  }
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
  if (op == "hostname") {
    const std::string name = fields.str(Tag::DATA);
    if (::sethostname(name.c_str(), name.size()) != 0) return base::last_error("sethostname", name);
    return base::success();
  }
  return base::SysError{EINVAL, "edit", std::string(op)};
}

using Fail = std::function<void(const char* step, const base::SysError& error, mode_t found)>;

[[noreturn]] void open_file(int root, const EditInput& input, const Fail& fail) {
  const std::string path = input.fields.str(Tag::PATH);
  mode_t found = 0;
  auto fd = ns::open_file_in_root(root, path, O_RDONLY, 0, &found);
  if (!fd.ok()) fail("open", fd.error(), found);
  if (auto opened = done(Step::EDIT_OPENED); !opened.ok()) fail("open", opened.error(), 0);
  (void)send(input.report, Writer(Kind::REPLY, 0).bytes(), {fd->get()});
  _exit(0);
}

// The client writes the content itself. Over a socket of its own it then says "c" for commit; when
// that ends without a word, as it does with the client, nothing has happened. So a push needs no
// keeper any more once it has begun.
[[noreturn]] void replace_file(int root, const EditInput& input, const Fail& fail) {
  const Fields& fields = input.fields;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail("replace", base::last_error("socketpair"), 0);
  }
  const int control = ends[0];
  const auto mode = static_cast<mode_t>(fields.number(Tag::FILE_MODE, 0644)) & 07777;
  mode_t found = 0;
  auto replacement = ns::Replacement::begin(
      root, fields.str(Tag::PATH),
      {.mode = mode, .owner = owner_of(fields), .mkdirs = fields.number(Tag::MKDIRS) != 0}, found);
  if (!replacement.ok()) fail("replace", replacement.error(), found);
  if (auto begun = done(Step::EDIT_BEGUN); !begun.ok()) {
    replacement->discard();
    fail("replace", begun.error(), 0);
  }
  (void)send(input.report, Writer(Kind::REPLY, 0).bytes(), {replacement->fd(), ends[1]});
  ::close(ends[1]);
  ::close(input.report);
  char order = 0;
  const bool commit = base::retry([&] { return ::read(control, &order, 1); }) == 1 && order == 'c';
  ::alarm(kSettleSeconds);  // a guest's filesystem may hang
  passed(Step::EDIT_ORDERED);
  Writer answer(Kind::REPLY, 0);
  if (!commit) {
    replacement->discard();
  } else if (auto committed = replacement->commit(); !committed.ok()) {
    answer = error_frame(0, committed.error(), "replace");
  }
  passed(Step::EDIT_REPLACED);
  (void)!::send(control, answer.bytes().data(), answer.bytes().size(), MSG_NOSIGNAL);
  ::close(control);  // the client waits for it, and an exit takes longer
  _exit(0);
}

}  // namespace

void run_edit(const EditInput& input) {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const auto own_proc = ns::keep_own_proc();
  close_all_but({input.userns, input.init_fd, input.report, own_proc.ok() ? *own_proc : -1});
  const Fail fail = [&](const char* what, const base::SysError& error, mode_t found) {
    // What is there and is no regular file is told by its name.
    const bool other = found != 0 && !S_ISREG(found);
    const Writer answer =
        error_frame(0, error, other ? "type" : what, {}, other ? type_of(found) : "");
    (void)send(input.report, answer.bytes());
    _exit(1);
  };
  if (!own_proc.ok()) fail("enter", own_proc.error(), 0);
  auto root = enter(input);
  if (!root.ok()) fail("enter", root.error(), 0);
  if (auto entered = done(Step::EDIT_ENTERED); !entered.ok()) fail("enter", entered.error(), 0);
  if (input.fields.text(Tag::PATH).find('\0') != std::string_view::npos) {
    fail("edit", {EINVAL, "openat2", input.fields.str(Tag::PATH)}, 0);
  }
  if (input.kind == Kind::OPEN) open_file(root->get(), input, fail);
  if (input.kind == Kind::REPLACE) replace_file(root->get(), input, fail);
  const auto flush = input.fields.number(Tag::FLUSH) != 0 ? ns::Flush::kNow : ns::Flush::kLater;
  Writer answer(Kind::REPLY, 0);
  for (const std::string_view bytes : input.fields.all(Tag::ITEM)) {
    const auto fields = Fields::parse(bytes);
    if (!fields) fail("edit", {EINVAL, "edit", ""}, 0);
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
  if (const auto sent = send(input.report, answer.bytes()); !sent.ok())
    fail("edit", sent.error(), 0);
  _exit(0);
}

}  // namespace keeper
