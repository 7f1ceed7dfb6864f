// features(): what this machine has of the libraries that are opened at run time.
#include "abi/lxc.h"
#include "abi/zfs.h"
#include "napi/convert.h"

static Napi::Value to_js(Napi::Env env, const abi::LibraryInfo& info) {
  using bridge::record;
  if (!info.loaded) {
    return record(env, "state", "missing", "soname", info.soname, "reason", info.reason);
  }
  const std::optional<std::string> version =
      info.version.empty() ? std::nullopt : std::optional(info.version);
  return record(env, "state", "loaded", "soname", info.soname, "version", version, "path",
                info.path, "optional", info.optional);
}

// features(): Features. Inline; the first call opens what is there.
Napi::Value Features(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  abi::LibraryInfo lxc;
  abi::LibraryInfo zfs_core;
  abi::LibraryInfo nvpair;
  abi::lxc(&lxc);
  abi::zfs_core(&zfs_core);
  abi::nvpair(&nvpair);
  return bridge::record(env, "lxc", to_js(env, lxc), "zfsCore", to_js(env, zfs_core), "nvpair",
                        to_js(env, nvpair));
}
