// A file that gets new content at once: it is written without a name, or where a filesystem cannot
// do that under one that nobody knows, in the same directory, and gets its name when it is
// complete. Until then the old file is as it was.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "ns/place.h"

namespace ns {

class Replacement {
 public:
  struct Options {
    mode_t mode = 0644;
    Owner owner;  // what it does not say is as with the old file, else root's
    bool mkdirs = false;
  };

  // Links are followed inside the root, also one that leads to where nothing is yet. What is there
  // and is no regular file is refused as by open_file_in_root(), with its type in `found`. What
  // fails leaves nothing behind.
  //
  // A mount cannot be renamed over: such a file is truncated here and written as it stands.
  static base::Result<Replacement> begin(int root, const std::string& path, const Options& options,
                                         mode_t& found);

  // Takes the content. Others must not see it before commit(): it is root's alone.
  [[nodiscard]] int fd() const { return content_.get(); }
  // Once one of them, and nothing after it. A failed commit() discards.
  base::Status commit();
  void discard();

 private:
  base::Status find(int root, const Options& options, mode_t& found);
  base::Status open(const Options& options);
  base::Status finish();

  std::string path_;
  std::vector<Place> made_;  // directories
  Place place_;
  base::UniqueFd old_;  // O_PATH, of what the name is now; none when there is nothing
  bool unnamed_ = false;
  std::string temporary_;  // "": in place, or unnamed
  base::UniqueFd content_;
  mode_t mode_ = 0;
  Owner owner_;
};

}  // namespace ns
