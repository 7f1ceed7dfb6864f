// Deepest first, unlinking what is no directory on the way down.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "ns/cursor.h"
#include "ns/tree.h"

namespace ns {
namespace {

using base::last_error;
using base::Status;
using base::success;
using base::SysError;

// Somebody may still be writing into the tree; they must not keep us here for ever.
constexpr int kRounds = 16;

struct Level {
  std::vector<std::string> children;
  int rounds = 0;
};

Status empty_of_files(const Cursor& cursor, Level& level, Stop stop) {
  return each_entry(cursor.fd(), [&](const char* name, unsigned char type) -> Status {
    if (stopped(stop)) return SysError{ECANCELED, "unlinkat", cursor.path(name)};
    if (type != DT_DIR) {
      if (::unlinkat(cursor.fd(), name, 0) == 0 || errno == ENOENT) return success();
      if (errno != EISDIR) return last_error("unlinkat", cursor.path(name));
    }
    level.children.emplace_back(name);
    return success();
  });
}

// Removes what is below the cursor's start.
Status empty(Cursor& cursor, Stop stop) {
  std::vector<Level> stack(1);
  TRY_STATUS(empty_of_files(cursor, stack.back(), stop));
  for (;;) {
    Level& level = stack.back();
    if (level.children.empty()) {
      if (stack.size() == 1) return success();
      stack.pop_back();
      TRY_STATUS(cursor.up());
      const std::string& name = stack.back().children.back();
      if (::unlinkat(cursor.fd(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
        stack.back().children.pop_back();
        stack.back().rounds = 0;
        continue;
      }
      if (errno != ENOTEMPTY || ++stack.back().rounds == kRounds) {
        return last_error("unlinkat", cursor.path(name));
      }
      // Filled again behind us: it is still last in the list, so it comes next.
      continue;
    }
    auto status = cursor.down(level.children.back());
    if (!status.ok()) {
      if (status.error().errnum != ENOENT) return status;
      level.children.pop_back();
      continue;
    }
    stack.emplace_back();
    TRY_STATUS(empty_of_files(cursor, stack.back(), stop));
  }
}

}  // namespace

Status remove_tree(int dirfd, const std::string& path, Stop stop) {
  const auto below = [&](Status status) {
    if (!status.ok()) {
      auto& where = status.error().path;
      where = where.empty() || where == path ? path : path + "/" + where;
    }
    return status;
  };
  // Nothing is meant by it, so it is no success either.
  if (path.empty()) return SysError{EINVAL, "unlinkat", path};
  for (int round = 0;; ++round) {
    auto cursor = Cursor::open(dirfd, path);
    if (!cursor.ok()) {
      const int errnum = cursor.error().errnum;
      if (errnum == ENOENT) return success();
      if (errnum != ENOTDIR && errnum != ELOOP) return std::move(cursor.error());
      if (::unlinkat(dirfd, path.c_str(), 0) == 0 || errno == ENOENT) return success();
      return last_error("unlinkat", path);
    }
    auto status = empty(*cursor, stop);
    if (!status.ok()) return below(std::move(status));
    if (::unlinkat(dirfd, path.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return success();
    if (errno != ENOTEMPTY || round == kRounds) return last_error("unlinkat", path);
  }
}

}  // namespace ns
