// Converts, and does nothing else. `root` is a descriptor of the caller's, who keeps it open until
// the promise is settled.
#include "ns/binding_root.h"

#include <string>

#include "napi/convert.h"
#include "napi/task.h"
#include "ns/rootfs.h"

namespace ns {
namespace {

using bridge::Args;
using Napi::CallbackInfo;
using Napi::Value;

Owner owner_of(const bridge::In& uid, const bridge::In& gid) {
  const auto id = [](const bridge::In& in) { return in.uint32(); };
  const Owner same;
  return {uid.nullable(id).value_or(same.uid), gid.nullable(id).value_or(same.gid)};
}

}  // namespace

// openFileInRoot(root: number, path: string, flags: number, mode: number): Promise<number>
Value OpenFileInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  const int flags = args[2].int32();
  const mode_t mode = args[3].uint32();
  if (!args.ok()) return {};
  return bridge::run(
      info, [=] { return open_file_in_root(root, path, flags, mode); }, bridge::GiveFd());
}

// readFileInRoot(root: number, path: string, limit: number): Promise<Buffer>
Value ReadFileInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  const uint32_t limit = args[2].uint32();
  if (!args.ok()) return {};
  return bridge::run(
      info, [=] { return read_file_in_root(root, path, limit); },
      [](Napi::Env env, std::string& data) {
        return bridge::to_js(env, bridge::Bytes{std::move(data)});
      });
}

// writeFileInRoot(root: number, path: string, data: Uint8Array, mode: number, uid: number | null,
//                 gid: number | null): Promise<void>
Value WriteFileInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  const std::string data = args[2].bytes();
  const mode_t mode = args[3].uint32();
  const Owner owner = owner_of(args[4], args[5]);
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return write_file_in_root(root, path, data, mode, owner); });
}

// mkdirInRoot(root: number, path: string, mode: number, uid: number | null,
//             gid: number | null): Promise<void>
Value MkdirInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  const mode_t mode = args[2].uint32();
  const Owner owner = owner_of(args[3], args[4]);
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return mkdir_in_root(root, path, mode, owner); });
}

// symlinkInRoot(root: number, path: string, target: string): Promise<void>
Value SymlinkInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  const std::string target = args[2].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return symlink_in_root(root, path, target); });
}

// readlinkInRoot(root: number, path: string): Promise<string>
Value ReadlinkInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return readlink_in_root(root, path); });
}

// unlinkInRoot(root: number, path: string): Promise<void>
Value UnlinkInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return unlink_in_root(root, path); });
}

// statInRoot(root: number, path: string, follow: boolean): Promise<FileStat>
Value StatInRoot(const CallbackInfo& info) {
  Args args(info);
  const int root = args[0].fd();
  const std::string path = args[1].string();
  const bool follow = args[2].boolean();
  if (!args.ok()) return {};
  return bridge::run(
      info, [=] { return stat_in_root(root, path, follow); },
      [](Napi::Env env, struct stat& s) {
        const double mtime_ms = static_cast<double>(s.st_mtim.tv_sec) * 1000 +
                                static_cast<double>(s.st_mtim.tv_nsec) / 1e6;
        return bridge::record(env, "mode", s.st_mode, "uid", s.st_uid, "gid", s.st_gid, "size",
                              s.st_size, "nlink", s.st_nlink, "ino", bridge::BigInt{s.st_ino},
                              "mtimeMs", mtime_ms);
      });
}

}  // namespace ns
