// nvlists as values. All that goes to ZFS and comes from it is one: properties, lists of snapshots,
// errors by dataset, arguments and results of programs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "abi/zfs.h"
#include "zfs/failure.h"

namespace zfs {

struct Entry;
using Map = std::vector<Entry>;  // in the order of the list
using Names = std::vector<std::string>;

// Of the types that ZFS uses in what we read and write. A flag is a name without a value.
struct Flag {};
using Value =
    std::variant<Flag, bool, int64_t, uint64_t, std::string, std::vector<std::string>, Map>;

struct Entry {
  std::string name;
  Value value;
};

class List {
 public:
  explicit List(const abi::Nvpair& library);
  List(const abi::Nvpair& library, const Map& entries);
  ~List();
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  // Kept as what went wrong first: one look at ok() after all of them is enough.
  void add(const std::string& name, const Value& value);
  [[nodiscard]] bool ok() const { return errnum_ == 0; }
  [[nodiscard]] int errnum() const { return errnum_; }
  [[nodiscard]] Failure failure(const char* call, std::string_view name) const;

  [[nodiscard]] abi::nvlist_t* get() const { return list_; }
  // Where a call leaves a list of its own; what was in here is gone then.
  abi::nvlist_t** out();
  // Types that are not in Value are left out.
  [[nodiscard]] Map read() const;
  // Only what is called so.
  [[nodiscard]] Map read(const Names& names) const;
  // For lists of errors by name.
  [[nodiscard]] std::vector<NamedError> read_errors() const;
  // As the ioctls take it.
  [[nodiscard]] std::string packed();
  // From packed bytes, of either encoding. EINVAL and others where they are none.
  void unpack(std::span<char> bytes);

 private:
  void free();

  const abi::Nvpair& library_;
  abi::nvlist_t* list_ = nullptr;
  int errnum_ = 0;
};

}  // namespace zfs
