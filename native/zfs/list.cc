// One ioctl for each dataset, which gives all that is known of it: ZFS opens what it tells of,
// which costs more than all else. zfs-program(8) opens it for each property.

#include "zfs/list.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "zfs/command.h"
#include "zfs/library.h"

namespace zfs {
namespace {

using base::Unit;

constexpr size_t kFirstRoom = size_t{64} << 10;
// A snapshot says all of its clones by name, and who has a dataset in its hands gives it as many
// properties as it likes: beyond that it is ENOMEM.
constexpr size_t kMostRoom = size_t{4} << 20;

class Walk {
 public:
  Walk(const abi::Nvpair& library, base::UniqueFd device, const ListOptions& options)
      : library_(library), device_(std::move(device)), options_(options) {
    if (!options.properties.empty()) room_.resize(kFirstRoom);
  }

  Result<Map> from(const std::string& root) {
    if (const int errnum = ask(kObjsetStats, root, 0); errnum != 0) return failure(errnum, root);
    if (const int errnum = take(); errnum != 0) return failure(errnum, root);
    auto below = visit(root, options_.depth);
    if (!below.ok()) return std::move(below.error());
    return std::move(found_);
  }

 private:
  // Fills command_, with the properties of what its name is afterwards.
  int ask(unsigned long request, const std::string& name, uint64_t cookie) {
    for (;;) {
      if (!command_->set_name(name)) return ENAMETOOLONG;
      command_->cookie = cookie;
      command_->result = reinterpret_cast<uintptr_t>(room_.data());
      command_->result_size = room_.size();
      command_->result_filled = 0;
      const int errnum = run(device_, request, *command_);
      if (errnum != ENOMEM || room_.empty() || room_.size() >= kMostRoom) return errnum;
      room_.resize(std::min(kMostRoom, room_.size() * 4));
    }
  }

  int take() {
    Map properties;
    if (command_->result_filled != 0) {
      List all(library_);
      const size_t size = std::min<uint64_t>(command_->result_size, room_.size());
      all.unpack({room_.data(), size});
      if (!all.ok()) return all.errnum();
      properties = all.read(options_.properties);
    }
    found_.push_back({command_->name.data(), std::move(properties)});
    return 0;
  }

  Result<Unit> visit(const std::string& name, uint64_t depth) {
    if (options_.snapshots) {
      auto each = for_each(kSnapshotListNext, name,
                           [](const std::string&) -> Result<Unit> { return Unit{}; });
      if (!each.ok()) return each;
    }
    if (depth == 0) return Unit{};
    return for_each(kDatasetListNext, name,
                    [&](const std::string& child) { return visit(child, depth - 1); });
  }

  template <typename Visit>
  Result<Unit> for_each(unsigned long request, const std::string& parent, Visit visit) {
    uint64_t cookie = 0;
    for (;;) {
      int errnum = ask(request, parent, cookie);
      if (errnum == ESRCH) return Unit{};  // the last one was there, or the parent is gone
      const bool next = command_->cookie != cookie;
      cookie = command_->cookie;
      // Gone since it was found to be the next one.
      if (errnum == ENOENT && next) continue;
      if (errnum == 0) errnum = take();
      if (errnum != 0) return failure(errnum, parent);
      auto below = visit(std::string(command_->name.data()));
      if (!below.ok()) return below;
    }
  }

  static Failure failure(int errnum, const std::string& name) {
    return {errnum, "list", name, {}, {}, {}};
  }

  const abi::Nvpair& library_;
  const base::UniqueFd device_;
  const ListOptions& options_;
  std::unique_ptr<Command> command_ = new_command();
  std::vector<char> room_;
  Map found_;
};

}  // namespace

Result<Map> list(const std::string& root, const ListOptions& options) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  auto device = open_device();
  if (!device.ok()) return std::move(device.error());
  return Walk(*lib.value().nv, std::move(device.value()), options).from(root);
}

}  // namespace zfs
