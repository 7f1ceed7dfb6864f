// The addon: one object per room, in the order of types/native.d.ts.
#include <napi.h>

#include "napi/environment.h"

// Each room's binding.cc has its own. Weak while rooms are being added one by one.
#define ROOMS(X) X(lxc) X(cgroup) X(ns) X(keeper)
#define DECLARE(room) __attribute__((weak)) Napi::Object init_##room(Napi::Env env);
ROOMS(DECLARE)

Napi::Value Features(const Napi::CallbackInfo& info);  // abi/binding.cc

// setErrors(classes): lib/native.ts calls it once, before anything else.
static Napi::Value SetErrors(const Napi::CallbackInfo& info) {
  bridge::Environment::of(info.Env()).inject_errors(info[0].As<Napi::Object>());
  return info.Env().Undefined();
}

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  bridge::Environment::attach(env);
  exports.Set("setErrors", Napi::Function::New(env, SetErrors, "setErrors"));
  exports.Set("features", Napi::Function::New(env, Features, "features"));
#define ADD(room) \
  if (init_##room != nullptr) exports.Set(#room, init_##room(env));
  ROOMS(ADD)
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
