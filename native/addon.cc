// The addon: one object per room, in the order of types/native.d.ts.
#include <napi.h>

#include "napi/convert.h"
#include "napi/environment.h"
#include "napi/exports.h"

// Each in the room's own binding.cc.
Napi::Value Features(const Napi::CallbackInfo& info);  // abi
Napi::Object init_lxc(Napi::Env env);
Napi::Object init_zfs(Napi::Env env);
Napi::Object init_cgroup(Napi::Env env);
Napi::Object init_ns(Napi::Env env);
Napi::Object init_keeper(Napi::Env env);
Napi::Object init_process(Napi::Env env);
Napi::Object init_net(Napi::Env env);

// setErrors(classes: Record<string, new (…) => Error>): void. Inline; lib/native.ts calls it once,
// before anything else.
static Napi::Value SetErrors(const Napi::CallbackInfo& info) {
  bridge::Args args(info);
  const bridge::In classes = args[0];
  if (!classes.value().IsObject()) classes.fail("object");
  if (!args.ok()) return {};
  bridge::Environment::of(info.Env()).inject_errors(classes.value().As<Napi::Object>());
  return info.Env().Undefined();
}

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  bridge::Environment::attach(env);
  bridge::add_functions(env, exports, "addon", {{"setErrors", SetErrors}, {"features", Features}});
  exports.Set("lxc", init_lxc(env));
  exports.Set("zfs", init_zfs(env));
  exports.Set("cgroup", init_cgroup(env));
  exports.Set("ns", init_ns(env));
  exports.Set("keeper", init_keeper(env));
  exports.Set("process", init_process(env));
  exports.Set("net", init_net(env));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
