// The zfs room as JavaScript sees it: types/native/zfs.d.ts. All calls are on threads for their
// zpool. Those that change one dataset stand in its line, and those that read it in another one;
// what takes many datasets stands in none. Streams have a thread each.
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "napi/exports.h"
#include "napi/storage.h"
#include "zfs/datasets.h"
#include "zfs/list.h"
#include "zfs/programs.h"
#include "zfs/snapshots.h"
#include "zfs/streams.h"

namespace zfs {

static Napi::Value to_error(Napi::Env env, const Failure& failure) {
  using bridge::to_js;
  if (const auto& missing = failure.missing; missing.has_value()) {
    return bridge::library_missing(env, missing->soname, missing->reason);
  }
  Napi::Array errors = Napi::Array::New(env, failure.errors.size());
  for (uint32_t i = 0; i < failure.errors.size(); i++) {
    const NamedError& each = failure.errors[i];
    errors.Set(i, bridge::record(env, "name", each.name, "errnum", each.errnum));
  }
  return bridge::Environment::of(env).new_error(
      env, "ZfsError",
      {to_js(env, failure.errnum), to_js(env, failure.call), to_js(env, failure.name),
       to_js(env, failure.detail), errors});
}

}  // namespace zfs

namespace {

using bridge::about_many;
using bridge::Args;
using bridge::changes;
using bridge::In;
using bridge::reads;
using Napi::CallbackInfo;
using Napi::Value;

zfs::Value value_of(const In& in) {
  const Napi::Value value = in.value();
  if (value.IsString()) return in.string();
  if (value.IsBigInt()) return in.bigint();
  if (value.IsBoolean()) return in.boolean();
  if (value.IsArray()) return in.strings();
  in.fail("string, bigint, boolean or string[]");
  return zfs::Flag{};
}

zfs::Map map_of(const In& in) {
  return in.list(
      [](const In& item) { return zfs::Entry{item["name"].string(), value_of(item["value"])}; });
}

zfs::Pairs pairs_of(const In& in, const char* first, const char* second) {
  return in.list(
      [&](const In& item) { return std::pair(item[first].string(), item[second].string()); });
}

std::optional<std::string> string_or_null(const In& in) {
  return in.nullable([](const In& given) { return given.string(); });
}

zfs::SendFlags flags_of(const In& in) {
  zfs::SendFlags flags;
  flags.large_blocks = in["largeBlocks"].boolean();
  flags.embedded = in["embedded"].boolean();
  flags.compressed = in["compressed"].boolean();
  flags.raw = in["raw"].boolean();
  return flags;
}

// An object without a prototype: no name of a dataset means anything else there.
Value to_js(Napi::Env env, const Napi::Function& create, const zfs::Map& map);

Value to_js(Napi::Env env, const Napi::Function& create, const zfs::Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return bridge::to_js(env, *truth);
  if (const auto* number = std::get_if<int64_t>(&value)) return Napi::BigInt::New(env, *number);
  if (const auto* count = std::get_if<uint64_t>(&value)) return Napi::BigInt::New(env, *count);
  if (const auto* text = std::get_if<std::string>(&value)) return bridge::to_js(env, *text);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return bridge::to_js(env, *texts);
  }
  if (const auto* map = std::get_if<zfs::Map>(&value)) return to_js(env, create, *map);
  return env.Null();  // a flag
}

Value to_js(Napi::Env env, const Napi::Function& create, const zfs::Map& map) {
  Napi::Object object = create.Call({env.Null()}).As<Napi::Object>();
  for (const zfs::Entry& entry : map) object.Set(entry.name, to_js(env, create, entry.value));
  return object;
}

struct MapToObject {
  Value operator()(Napi::Env env, zfs::Map& result) const {
    const Napi::Object object = env.Global().Get("Object").As<Napi::Object>();
    return to_js(env, object.Get("create").As<Napi::Function>(), result);
  }
};

std::string first_of(const zfs::Names& names) {
  return names.empty() ? std::string() : names.front();
}

std::string first_of(const zfs::Pairs& pairs) {
  return pairs.empty() ? std::string() : pairs.front().first;
}

// A copy of the descriptor is ours until the work has ended and its promise is settled: the caller
// may close his at once, and whoever is at the other end sees that end only when the promise told.
template <typename Work>
Value with_descriptor(const CallbackInfo& info, const std::string& about, int fd, Work work) {
  base::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  const int errnum = copy.valid() ? 0 : errno;
  return bridge::run_stream(
      info, [=, copy = std::move(copy), work = std::move(work)]() -> zfs::Result<base::Unit> {
        if (!copy.valid()) return zfs::Failure{errnum, "fcntl", about, {}, {}, {}};
        return work(copy.get());
      });
}

// exists(name: string): Promise<boolean>
Value Exists(const CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  if (!args.ok()) return {};
  return reads(info, name, [name] { return zfs::exists(name); });
}

// list(root: string, options: ZfsListOptions): Promise<ZfsResult>
Value List(const CallbackInfo& info) {
  Args args(info);
  const std::string root = args[0].string();
  zfs::ListOptions options;
  options.depth = args[1]["depth"].bigint();
  options.snapshots = args[1]["snapshots"].boolean();
  options.properties = args[1]["properties"].strings();
  if (!args.ok()) return {};
  return reads(info, root, [root, options] { return zfs::list(root, options); }, MapToObject());
}

// create(name: string, properties: ZfsEntry[]): Promise<void>
Value Create(const CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  const zfs::Map properties = map_of(args[1]);
  if (!args.ok()) return {};
  return changes(info, name, [name, properties] { return zfs::create(name, properties); });
}

// clone(origin: string, name: string, properties: ZfsEntry[]): Promise<void>
Value Clone(const CallbackInfo& info) {
  Args args(info);
  const std::string origin = args[0].string();
  const std::string name = args[1].string();
  const zfs::Map properties = map_of(args[2]);
  if (!args.ok()) return {};
  return changes(info, name,
                 [origin, name, properties] { return zfs::clone(origin, name, properties); });
}

// promote(name: string): Promise<void>
Value Promote(const CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  if (!args.ok()) return {};
  return changes(info, name, [name] { return zfs::promote(name); });
}

// rename(from: string, to: string): Promise<void>
Value Rename(const CallbackInfo& info) {
  Args args(info);
  const std::string from = args[0].string();
  const std::string to = args[1].string();
  if (!args.ok()) return {};
  return changes(info, from, [from, to] { return zfs::rename(from, to); });
}

// destroy(name: string): Promise<void>
Value Destroy(const CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  if (!args.ok()) return {};
  return changes(info, name, [name] { return zfs::destroy(name); });
}

// rollback(name: string, snapshot: string): Promise<void>
Value Rollback(const CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  const std::string snapshot = args[1].string();
  if (!args.ok()) return {};
  return changes(info, name, [name, snapshot] { return zfs::rollback(name, snapshot); });
}

// setProperties(name: string, properties: ZfsEntry[]): Promise<void>
Value SetProperties(const CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  const zfs::Map properties = map_of(args[1]);
  if (!args.ok()) return {};
  return changes(info, name, [name, properties] { return zfs::set_properties(name, properties); });
}

// inheritProperty(name: string, property: string): Promise<void>
Value InheritProperty(const CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  const std::string property = args[1].string();
  if (!args.ok()) return {};
  return changes(info, name, [name, property] { return zfs::inherit_property(name, property); });
}

// snapshot(names: string[], properties: ZfsEntry[]): Promise<void>
Value Snapshot(const CallbackInfo& info) {
  Args args(info);
  const zfs::Names names = args[0].strings();
  const zfs::Map properties = map_of(args[1]);
  if (!args.ok()) return {};
  return about_many(info, first_of(names),
                    [names, properties] { return zfs::snapshot(names, properties); });
}

// destroySnapshots(names: string[], defer: boolean): Promise<void>
Value DestroySnapshots(const CallbackInfo& info) {
  Args args(info);
  const zfs::Names names = args[0].strings();
  const bool defer = args[1].boolean();
  if (!args.ok()) return {};
  return about_many(info, first_of(names),
                    [names, defer] { return zfs::destroy_snapshots(names, defer); });
}

// bookmark(sources: ZfsBookmark[]): Promise<void>
Value Bookmark(const CallbackInfo& info) {
  Args args(info);
  const zfs::Pairs sources = pairs_of(args[0], "bookmark", "source");
  if (!args.ok()) return {};
  return about_many(info, first_of(sources), [sources] { return zfs::bookmark(sources); });
}

// destroyBookmarks(names: string[]): Promise<void>
Value DestroyBookmarks(const CallbackInfo& info) {
  Args args(info);
  const zfs::Names names = args[0].strings();
  if (!args.ok()) return {};
  return about_many(info, first_of(names), [names] { return zfs::destroy_bookmarks(names); });
}

// bookmarks(dataset: string): Promise<ZfsListedBookmark[]>
Value Bookmarks(const CallbackInfo& info) {
  Args args(info);
  const std::string dataset = args[0].string();
  if (!args.ok()) return {};
  return reads(
      info, dataset, [dataset] { return zfs::bookmarks(dataset); },
      [](Napi::Env env, std::vector<zfs::Bookmark>& bookmarks) -> Value {
        Napi::Array all = Napi::Array::New(env, bookmarks.size());
        for (uint32_t i = 0; i < bookmarks.size(); i++) {
          const zfs::Bookmark& each = bookmarks[i];
          all.Set(i, bridge::record(env, "name", each.name, "guid", bridge::BigInt{each.guid},
                                    "createtxg", bridge::BigInt{each.createtxg}, "creation",
                                    each.creation));
        }
        return all;
      });
}

// hold(holds: ZfsHold[]): Promise<void>
Value Hold(const CallbackInfo& info) {
  Args args(info);
  const zfs::Pairs holds = pairs_of(args[0], "snapshot", "tag");
  if (!args.ok()) return {};
  return about_many(info, first_of(holds), [holds] { return zfs::hold(holds); });
}

// release(holds: ZfsHold[]): Promise<void>
Value Release(const CallbackInfo& info) {
  Args args(info);
  const zfs::Pairs holds = pairs_of(args[0], "snapshot", "tag");
  if (!args.ok()) return {};
  return about_many(info, first_of(holds), [holds] { return zfs::release(holds); });
}

// holds(snapshot: string): Promise<{ tag: string; since: number }[]>
Value Holds(const CallbackInfo& info) {
  Args args(info);
  const std::string snapshot = args[0].string();
  if (!args.ok()) return {};
  return reads(
      info, snapshot, [snapshot] { return zfs::holds(snapshot); },
      [](Napi::Env env, std::vector<zfs::Hold>& holds) -> Value {
        Napi::Array all = Napi::Array::New(env, holds.size());
        for (uint32_t i = 0; i < holds.size(); i++) {
          all.Set(i, bridge::record(env, "tag", holds[i].tag, "since", holds[i].since));
        }
        return all;
      });
}

// pipe(): { read: number; write: number }. Inline.
Value Pipe(const CallbackInfo& info) {
  return bridge::value_or_throw(info.Env(), zfs::pipe(), [](Napi::Env env, zfs::Pipe& ends) {
    return bridge::record(env, "read", ends.read.release(), "write", ends.write.release());
  });
}

// send(snapshot: string, from: string | null, fd: number, flags: ZfsSendFlags,
//   resume: ZfsResume | null): Promise<void>
Value Send(const CallbackInfo& info) {
  Args args(info);
  const std::string snapshot = args[0].string();
  const auto from = string_or_null(args[1]);
  const int fd = args[2].fd();
  const zfs::SendFlags flags = flags_of(args[3]);
  const auto resume = args[4].nullable([](const In& given) {
    return zfs::Resume{given["object"].bigint(), given["offset"].bigint()};
  });
  if (!args.ok()) return {};
  return with_descriptor(info, snapshot, fd,
                         [=](int ours) { return zfs::send(snapshot, from, ours, flags, resume); });
}

// sendSpace(snapshot: string, from: string | null, flags: ZfsSendFlags): Promise<number>
Value SendSpace(const CallbackInfo& info) {
  Args args(info);
  const std::string snapshot = args[0].string();
  const auto from = string_or_null(args[1]);
  const zfs::SendFlags flags = flags_of(args[2]);
  if (!args.ok()) return {};
  return reads(info, snapshot, [=] { return zfs::send_space(snapshot, from, flags); });
}

// receive(snapshot: string, properties: ZfsEntry[], options: ZfsReceiveOptions,
//   fd: number): Promise<void>
Value Receive(const CallbackInfo& info) {
  Args args(info);
  const std::string snapshot = args[0].string();
  const zfs::Map properties = map_of(args[1]);
  zfs::ReceiveOptions options;
  options.origin = string_or_null(args[2]["origin"]);
  options.force = args[2]["force"].boolean();
  options.resumable = args[2]["resumable"].boolean();
  const int fd = args[3].fd();
  if (!args.ok()) return {};
  return with_descriptor(info, snapshot, fd, [=](int ours) {
    return zfs::receive(snapshot, properties, options, ours);
  });
}

// unpack(bytes: Uint8Array): ZfsResult. Inline; opens libnvpair.
Value Unpack(const CallbackInfo& info) {
  Args args(info);
  std::string bytes = args[0].bytes();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), zfs::unpack(std::move(bytes)), MapToObject());
}

// runProgram(pool: string, text: string, args: ZfsEntry[], sync: boolean,
//   limits: ZfsProgramLimits): Promise<ZfsResult>
Value RunProgram(const CallbackInfo& info) {
  Args args(info);
  const std::string pool = args[0].string();
  const std::string text = args[1].string();
  const zfs::Map arguments = map_of(args[2]);
  const bool sync = args[3].boolean();
  const zfs::ProgramLimits limits{args[4]["instructions"].bigint(), args[4]["memory"].bigint()};
  if (!args.ok()) return {};
  return about_many(
      info, pool, [=] { return zfs::run_program(pool, text, arguments, sync, limits); },
      MapToObject());
}

}  // namespace

Napi::Object init_zfs(Napi::Env env) {
  return bridge::functions(env, "zfs",
                           {{"exists", Exists},
                            {"list", List},
                            {"create", Create},
                            {"clone", Clone},
                            {"promote", Promote},
                            {"rename", Rename},
                            {"destroy", Destroy},
                            {"rollback", Rollback},
                            {"setProperties", SetProperties},
                            {"inheritProperty", InheritProperty},
                            {"snapshot", Snapshot},
                            {"destroySnapshots", DestroySnapshots},
                            {"bookmark", Bookmark},
                            {"destroyBookmarks", DestroyBookmarks},
                            {"bookmarks", Bookmarks},
                            {"hold", Hold},
                            {"release", Release},
                            {"holds", Holds},
                            {"pipe", Pipe},
                            {"send", Send},
                            {"sendSpace", SendSpace},
                            {"receive", Receive},
                            {"unpack", Unpack},
                            {"runProgram", RunProgram}});
}
