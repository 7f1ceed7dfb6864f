#include "zfs/snapshots.h"

#include <map>

#include "zfs/library.h"

namespace zfs {
namespace {

Map flags(const Names& names) {
  Map map;
  map.reserve(names.size());
  for (const std::string& name : names) map.push_back({name, Flag{}});
  return map;
}

Result<Unit> result_of(int errnum, const char* call, const std::string& name, const List& errors) {
  if (errnum == 0) return Unit{};
  return Failure{errnum, call, name, {}, errors.read_errors(), {}};
}

const std::string& first(const Names& names) {
  static const std::string none;
  return names.empty() ? none : names.front();
}

const std::string& first(const Pairs& pairs) {
  static const std::string none;
  return pairs.empty() ? none : pairs.front().first;
}

Map by_name(const Pairs& pairs) {
  Map map;
  map.reserve(pairs.size());
  for (const auto& [name, value] : pairs) map.push_back({name, value});
  return map;
}

}  // namespace

Result<Unit> snapshot(const Names& names, const Map& properties) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const abi::Nvpair& nv = *lib.value().nv;
  const List snapshots(nv, flags(names));
  const List with(nv, properties);
  List errors(nv);
  if (!snapshots.ok()) return snapshots.failure("nvlist_add", first(names));
  if (!with.ok()) return with.failure("nvlist_add", first(names));
  return result_of(lib.value().core->lzc_snapshot(snapshots.get(), with.get(), errors.out()),
                   "lzc_snapshot", first(names), errors);
}

Result<Unit> destroy_snapshots(const Names& names, bool defer) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const abi::Nvpair& nv = *lib.value().nv;
  const List snapshots(nv, flags(names));
  List errors(nv);
  if (!snapshots.ok()) return snapshots.failure("nvlist_add", first(names));
  return result_of(lib.value().core->lzc_destroy_snaps(
                       snapshots.get(), defer ? abi::B_TRUE : abi::B_FALSE, errors.out()),
                   "lzc_destroy_snaps", first(names), errors);
}

Result<Unit> bookmark(const Pairs& sources) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List bookmarks(*lib.value().nv, by_name(sources));
  List errors(*lib.value().nv);
  if (!bookmarks.ok()) return bookmarks.failure("nvlist_add", first(sources));
  return result_of(lib.value().core->lzc_bookmark(bookmarks.get(), errors.out()), "lzc_bookmark",
                   first(sources), errors);
}

Result<Unit> destroy_bookmarks(const Names& names) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List bookmarks(*lib.value().nv, flags(names));
  List errors(*lib.value().nv);
  if (!bookmarks.ok()) return bookmarks.failure("nvlist_add", first(names));
  return result_of(lib.value().core->lzc_destroy_bookmarks(bookmarks.get(), errors.out()),
                   "lzc_destroy_bookmarks", first(names), errors);
}

Result<Unit> hold(const Pairs& tags) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List holds(*lib.value().nv, by_name(tags));
  List errors(*lib.value().nv);
  if (!holds.ok()) return holds.failure("nvlist_add", first(tags));
  // Without a descriptor whose end releases them: they stay over reboots.
  return result_of(lib.value().core->lzc_hold(holds.get(), -1, errors.out()), "lzc_hold",
                   first(tags), errors);
}

Result<Unit> release(const Pairs& tags) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  std::map<std::string, Map> by_snapshot;
  for (const auto& [snapshot, tag] : tags) by_snapshot[snapshot].push_back({tag, Flag{}});
  List releases(*lib.value().nv);
  for (const auto& [snapshot, each] : by_snapshot) releases.add(snapshot, each);
  List errors(*lib.value().nv);
  if (!releases.ok()) return releases.failure("nvlist_add", first(tags));
  return result_of(lib.value().core->lzc_release(releases.get(), errors.out()), "lzc_release",
                   first(tags), errors);
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
