#include "zfs/snapshots.h"

#include <map>

#include "zfs/library.h"

namespace zfs {
namespace {

// What all of these calls are: a list goes in, and a list of what could not be done comes out,
// which has something in it only when something failed. Of holds and releases, ZFS does the others
// then, and calls it no failure; nobody is to take a snapshot for held that is not.
//
// `call(library, list, errors)` gives an errno.
template <typename Call>
Result<Unit> each_of(const Map& entries, const char* name, Call call) {
  static const std::string none;
  const std::string& about = entries.empty() ? none : entries.front().name;
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List list(*lib.value().nv, entries);
  if (!list.ok()) return list.failure("nvlist_add", about);
  List errors(*lib.value().nv);
  const int errnum = call(lib.value(), list.get(), errors.out());
  std::vector<NamedError> failed = errors.read_errors();
  if (errnum == 0 && failed.empty()) return Unit{};
  const int why = errnum != 0 ? errnum : failed.front().errnum;
  return Failure{why, name, about, {}, std::move(failed), {}};
}

Map flags(const Names& names) {
  Map map;
  map.reserve(names.size());
  for (const std::string& name : names) map.push_back({name, Flag{}});
  return map;
}

Map by_name(const Pairs& pairs) {
  Map map;
  map.reserve(pairs.size());
  for (const auto& [name, value] : pairs) map.push_back({name, value});
  return map;
}

// A number of a bookmark comes in a list of its own: "guid": { "value": 1 }.
uint64_t number_in(const Map& properties, std::string_view name) {
  for (const Entry& property : properties) {
    const auto* holder = std::get_if<Map>(&property.value);
    if (property.name != name || holder == nullptr) continue;
    for (const Entry& entry : *holder) {
      const auto* number = std::get_if<uint64_t>(&entry.value);
      if (entry.name == "value" && number != nullptr) return *number;
    }
  }
  return 0;
}

}  // namespace

Result<Unit> snapshot(const Names& names, const Map& properties) {
  return each_of(flags(names), "lzc_snapshot", [&](const Library& lib, auto* list, auto** errors) {
    const List with(*lib.nv, properties);
    if (!with.ok()) return with.errnum();
    return lib.core->lzc_snapshot(list, with.get(), errors);
  });
}

Result<Unit> destroy_snapshots(const Names& names, bool defer) {
  return each_of(
      flags(names), "lzc_destroy_snaps", [&](const Library& lib, auto* list, auto** errors) {
        return lib.core->lzc_destroy_snaps(list, defer ? abi::B_TRUE : abi::B_FALSE, errors);
      });
}

Result<Unit> bookmark(const Pairs& sources) {
  return each_of(by_name(sources), "lzc_bookmark",
                 [](const Library& lib, auto* list, auto** errors) {
                   return lib.core->lzc_bookmark(list, errors);
                 });
}

Result<Unit> destroy_bookmarks(const Names& names) {
  return each_of(flags(names), "lzc_destroy_bookmarks",
                 [](const Library& lib, auto* list, auto** errors) {
                   return lib.core->lzc_destroy_bookmarks(list, errors);
                 });
}

Result<std::vector<Bookmark>> bookmarks(const std::string& dataset) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List wanted(*lib.value().nv, flags({"guid", "createtxg", "creation"}));
  if (!wanted.ok()) return wanted.failure("nvlist_add", dataset);
  List list(*lib.value().nv);
  const int errnum = lib.value().core->lzc_get_bookmarks(dataset.c_str(), wanted.get(), list.out());
  if (errnum != 0) return Failure{errnum, "lzc_get_bookmarks", dataset, {}, {}, {}};
  std::vector<Bookmark> all;
  for (const Entry& entry : list.read()) {
    const auto* properties = std::get_if<Map>(&entry.value);
    if (properties == nullptr) continue;
    all.push_back({entry.name, number_in(*properties, "guid"), number_in(*properties, "createtxg"),
                   number_in(*properties, "creation")});
  }
  return all;
}

Result<Unit> hold(const Pairs& tags) {
  return each_of(by_name(tags), "lzc_hold", [](const Library& lib, auto* list, auto** errors) {
    // Without a descriptor whose end releases them: they stay over reboots.
    return lib.core->lzc_hold(list, -1, errors);
  });
}

Result<Unit> release(const Pairs& tags) {
  std::map<std::string, Map> by_snapshot;
  for (const auto& [snapshot, tag] : tags) by_snapshot[snapshot].push_back({tag, Flag{}});
  Map releases;
  for (auto& [snapshot, each] : by_snapshot) releases.push_back({snapshot, std::move(each)});
  return each_of(releases, "lzc_release", [](const Library& lib, auto* list, auto** errors) {
    return lib.core->lzc_release(list, errors);
  });
}

Result<std::vector<Hold>> holds(const std::string& snapshot) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  List list(*lib.value().nv);
  const int errnum = lib.value().core->lzc_get_holds(snapshot.c_str(), list.out());
  if (errnum != 0) return Failure{errnum, "lzc_get_holds", snapshot, {}, {}, {}};
  std::vector<Hold> all;
  for (const Entry& entry : list.read()) {
    const auto* since = std::get_if<uint64_t>(&entry.value);
    all.push_back({entry.name, since == nullptr ? 0 : *since});
  }
  return all;
}

}  // namespace zfs
