// A position in a directory tree that somebody else may be changing: one descriptor at any depth,
// goes down without following links or entering mounts, and up only to where it came from.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace ns {

class Cursor {
 public:
  // At the directory `path`; its last component must be no link, and no mount point: EXDEV.
  static base::Result<Cursor> open(int dirfd, const std::string& path);

  // At the directory that `path` leads to, which may be the top of a mount.
  static base::Result<Cursor> open_there(int dirfd, const std::string& path);

  // ELOOP or ENOTDIR for what is no directory, EXDEV for a mount point.
  base::Status down(const std::string& name);
  // ESTALE when the directory was moved elsewhere in the meantime.
  base::Status up();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] size_t depth() const { return above_.size(); }
  // From the start, for errors and for links; "" at the start itself.
  [[nodiscard]] std::string path(const std::string& name = {}) const;

 private:
  struct Above {
    dev_t device;
    ino_t inode;
    std::string name;  // of the directory below it
  };
  base::UniqueFd fd_;
  std::vector<Above> above_;
};

// What getdents says: name and DT_ type, DT_UNKNOWN resolved, without "." and "..".
using OnEntry = std::function<base::Status(const char* name, unsigned char type)>;
base::Status each_entry(int dir, const OnEntry& on_entry);

}  // namespace ns
