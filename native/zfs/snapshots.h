// Snapshots, many at once in one transaction: all of them are of the same moment. Their bookmarks,
// which stay when they go, and their holds, which have them stay.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "zfs/failure.h"
#include "zfs/nvlist.h"

namespace zfs {

using base::Unit;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// All or none: of one pool, and one of each dataset. `errors` says which stood in the way.
Result<Unit> snapshot(const Names& names, const Map& properties);
// Those that are not there are no error. All or none, unless `defer`: then those that are held or
// have clones go by themselves later.
Result<Unit> destroy_snapshots(const Names& names, bool defer);
// Of snapshots (or bookmarks), by the bookmark's name: `pool/a#b`, `pool/a@s`.
Result<Unit> bookmark(const Pairs& sources);
// Those that are not there are no error.
Result<Unit> destroy_bookmarks(const Names& names);

struct Bookmark {
  std::string name;  // what stands after the `#`
  uint64_t guid = 0;
  uint64_t createtxg = 0;
  uint64_t creation = 0;  // of the snapshot, in seconds since 1970
};
// Of one dataset, in the kernel's order.
Result<std::vector<Bookmark>> bookmarks(const std::string& dataset);

// What is held is not destroyed. By snapshot and tag; one tag for each snapshot in a call, as ZFS
// takes them by the snapshot's name. What is not there is one of `errors`, and the others are held
// (released) all the same.
Result<Unit> hold(const Pairs& tags);
Result<Unit> release(const Pairs& tags);

struct Hold {
  std::string tag;
  uint64_t since = 0;  // seconds since 1970
};
Result<std::vector<Hold>> holds(const std::string& snapshot);

}  // namespace zfs
