// Two cursors that move together; a directory gets its attributes when everything in it is there.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "ns/copy_file.h"
#include "ns/cursor.h"
#include "ns/tree.h"

namespace ns {
namespace {

using base::last_error;
using base::Result;
using base::Status;
using base::success;
using base::SysError;
using base::UniqueFd;

// A tree may be deeper than one path can say; then the way is gone in pieces.
Result<UniqueFd> open_directory(int top, const std::string& path) {
  UniqueFd dir;
  size_t start = 0;
  do {
    const size_t reach = start + PATH_MAX / 2;
    const size_t slash = reach >= path.size() ? std::string::npos : path.rfind('/', reach);
    const std::string piece =
        slash == std::string::npos ? path.substr(start) : path.substr(start, slash - start);
    auto next = base::open_at(dir.valid() ? dir.get() : top, piece.empty() ? "." : piece,
                              O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!next.ok()) return next;
    dir = std::move(*next);
    start = slash == std::string::npos ? std::string::npos : slash + 1;
  } while (start != std::string::npos);
  return dir;
}

class Cloning {
 public:
  Cloning(Cursor from, Cursor to, int top, CloneMode mode, Stop stop)
      : from_(std::move(from)), to_(std::move(to)), top_(top), mode_(mode), stop_(stop) {}

  Status run();
  [[nodiscard]] const CloneReport& report() const { return report_; }

 private:
  // A directory that has a first link, or one above it. By its own name only: a guest may make a
  // tree so deep that a path for each of its files is more than there is memory.
  struct Place {
    size_t above;
    std::string name;
  };
  struct Level {
    std::string name;
    std::vector<std::string> children;
    std::optional<size_t> place;
  };
  struct First {
    size_t place;
    std::string name;
  };

  Status copy_files();
  size_t place_here();
  [[nodiscard]] std::string path_of(size_t place) const;
  Status copy_entry(const char* name, const struct stat& info);
  Status copy_regular(const char* name, const struct stat& info);
  Status make_node(const char* name, const struct stat& info);
  Status link_to(const First& first, const char* name);
  Status finish_directory();
  Status named(Status status, const std::string& name) {
    if (!status.ok()) {
      auto& what = status.error().path;
      what = from_.path(name) + (what.empty() ? "" : " (" + what + ")");
    }
    return status;
  }

  Cursor from_;
  Cursor to_;
  int top_;  // the target's, for hard links
  CloneMode mode_;
  Stop stop_;
  CloneReport report_;
  std::vector<Level> stack_;
  std::vector<Place> places_{{0, ""}};  // the top first
  std::map<std::pair<dev_t, ino_t>, First> linked_;
};

Status Cloning::run() {
  stack_.push_back({.name = "", .children = {}, .place = 0});
  report_.entries = 1;
  TRY_STATUS(copy_files());
  for (;;) {
    if (!stack_.back().children.empty()) {
      const std::string name = std::move(stack_.back().children.back());
      stack_.back().children.pop_back();
      TRY_STATUS(from_.down(name));
      if (::mkdirat(to_.fd(), name.c_str(), 0700) < 0) return last_error("mkdirat", to_.path(name));
      TRY_STATUS(to_.down(name));
      ++report_.entries;
      stack_.push_back({.name = name, .children = {}, .place = {}});
      TRY_STATUS(copy_files());
      continue;
    }
    TRY_STATUS(named(finish_directory(), ""));
    stack_.pop_back();
    if (stack_.empty()) return success();
    TRY_STATUS(from_.up());
    TRY_STATUS(to_.up());
  }
}

size_t Cloning::place_here() {
  auto level = stack_.rbegin();
  while (!level->place) ++level;
  while (level != stack_.rbegin()) {
    const size_t above = *level->place;
    --level;
    level->place = places_.size();
    places_.push_back({above, level->name});
  }
  return *level->place;
}

std::string Cloning::path_of(size_t place) const {
  std::vector<const std::string*> names;
  for (; place != 0; place = places_[place].above) names.push_back(&places_[place].name);
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!path.empty()) path += '/';
    path += **name;
  }
  return path;
}

Status Cloning::copy_files() {
  std::vector<std::string>& children = stack_.back().children;
  return each_entry(from_.fd(), [&](const char* name, unsigned char type) -> Status {
    if (stopped(stop_)) return SysError{ECANCELED, "clone_tree", from_.path(name)};
    if (type == DT_DIR) {
      children.emplace_back(name);
      return success();
    }
    struct stat info{};
    if (::fstatat(from_.fd(), name, &info, AT_SYMLINK_NOFOLLOW) < 0) {
      return last_error("fstatat", from_.path(name));
    }
    ++report_.entries;
    return named(copy_entry(name, info), name);
  });
}

Status Cloning::copy_entry(const char* name, const struct stat& info) {
  const auto key = std::make_pair(info.st_dev, info.st_ino);
  if (info.st_nlink > 1) {
    const auto known = linked_.find(key);
    if (known != linked_.end()) return link_to(known->second, name);
  }
  TRY_STATUS(S_ISREG(info.st_mode) ? copy_regular(name, info) : make_node(name, info));
  if (info.st_nlink > 1) linked_.emplace(key, First{place_here(), name});
  return success();
}

Status Cloning::copy_regular(const char* name, const struct stat& seen) {
  // O_NONBLOCK: should somebody have put a FIFO here since, we do not wait for its other end.
  auto in = base::open_at(from_.fd(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!in.ok()) return std::move(in.error());
  struct stat info{};
  if (::fstat(in->get(), &info) < 0) return last_error("fstat");
  if (info.st_dev != seen.st_dev || info.st_ino != seen.st_ino || !S_ISREG(info.st_mode)) {
    return SysError{ESTALE, "openat", {}};
  }
  auto out = base::open_at(to_.fd(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!out.ok()) return std::move(out.error());
  auto shared = copy_content(in->get(), out->get(), info, mode_, stop_);
  if (!shared.ok()) return std::move(shared.error());
  (*shared ? report_.reflinked : report_.copied) += 1;
  report_.bytes += static_cast<uint64_t>(info.st_size);
  return copy_attributes(in->get(), out->get(), info);
}

Status Cloning::make_node(const char* name, const struct stat& info) {
  auto in = base::open_at(from_.fd(), name, O_PATH | O_NOFOLLOW);
  if (!in.ok()) return std::move(in.error());
  if (S_ISLNK(info.st_mode)) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(in->get(), "", target.data(), target.size() - 1);
    if (size < 0) return last_error("readlinkat");
    target.resize(static_cast<size_t>(size));
    if (::symlinkat(target.c_str(), to_.fd(), name) < 0) return last_error("symlinkat");
  } else if (::mknodat(to_.fd(), name, (info.st_mode & S_IFMT) | 0600, info.st_rdev) < 0) {
    return last_error("mknodat");
  }
  auto out = base::open_at(to_.fd(), name, O_PATH | O_NOFOLLOW);
  if (!out.ok()) return std::move(out.error());
  return copy_attributes(in->get(), out->get(), info);
}

Status Cloning::link_to(const First& first, const char* name) {
  auto dir = open_directory(top_, path_of(first.place));
  if (!dir.ok()) return std::move(dir.error());
  if (::linkat(dir->get(), first.name.c_str(), to_.fd(), name, 0) < 0) return last_error("linkat");
  return success();
}

Status Cloning::finish_directory() {
  struct stat info{};
  if (::fstat(from_.fd(), &info) < 0) return last_error("fstat");
  return copy_attributes(from_.fd(), to_.fd(), info);
}

}  // namespace

Result<CloneReport> clone_tree(int from_dirfd, const std::string& from, int to_dirfd,
                               const std::string& to, CloneMode mode, Stop stop) {
  auto source =
      from.ends_with("/.") ? Cursor::open_there(from_dirfd, from) : Cursor::open(from_dirfd, from);
  if (!source.ok()) return std::move(source.error());
  if (::mkdirat(to_dirfd, to.c_str(), 0700) < 0) return last_error("mkdirat", to);
  const auto clone = [&]() -> Result<CloneReport> {
    auto target = Cursor::open(to_dirfd, to);
    if (!target.ok()) return std::move(target.error());
    auto top = base::open_at(target->fd(), ".", O_PATH | O_DIRECTORY);
    if (!top.ok()) return std::move(top.error());
    Cloning cloning(std::move(*source), std::move(*target), top->get(), mode, stop);
    auto status = cloning.run();
    if (!status.ok()) {
      auto& where = status.error().path;
      where = where.empty() ? from : from + "/" + where;
      return std::move(status.error());
    }
    return cloning.report();
  };
  auto result = clone();
  // The first error is the one worth telling.
  if (!result.ok()) (void)remove_tree(to_dirfd, to);
  return result;
}

Result<bool> can_reflink(int dirfd, const std::string& path) {
  auto dir = base::open_at(dirfd, path, O_RDONLY | O_DIRECTORY);
  if (!dir.ok()) return std::move(dir.error());
  auto one = base::open_at(dir->get(), ".", O_TMPFILE | O_RDWR, 0600);
  auto two = base::open_at(dir->get(), ".", O_TMPFILE | O_RDWR, 0600);
  for (auto* file : {&one, &two}) {
    if (file->ok()) continue;
    // No filesystem that shares blocks lacks unnamed files.
    if (file->error().errnum == EOPNOTSUPP) return false;
    file->error().path = path;
    return std::move(file->error());
  }
  // One whole block, since a filesystem may keep less in the inode itself.
  TRY_STATUS(base::write_all(one->get(), std::string(64 * 1024, 'x'), path));
  struct stat info{};
  if (::fstat(one->get(), &info) < 0) return last_error("fstat", path);
  auto shared = copy_content(one->get(), two->get(), info, CloneMode::kReflink, nullptr);
  if (shared.ok()) return *shared;
  const int errnum = shared.error().errnum;
  if (errnum == EOPNOTSUPP || errnum == ENOTTY || errnum == EXDEV) return false;
  shared.error().path = path;
  return shared;
}

}  // namespace ns
