// A promise, or none: while a worker is being terminated Node-API makes no promises, and what
// node-addon-api's class then holds is whatever lay on the stack.
#pragma once

#include <napi.h>

namespace bridge {

class Promise {
 public:
  explicit Promise(Napi::Env env) : env_(env) {
    if (napi_create_promise(env, &deferred_, &value_) != napi_ok) value_ = nullptr;
  }

  // False: nobody is left to whom anything could be told. An exception is pending, or the
  // environment ends.
  [[nodiscard]] bool made() const { return value_ != nullptr; }
  [[nodiscard]] Napi::Value value() const { return {env_, value_}; }

  // Once, and only one of them. Where the environment is ending it comes to nothing: false.
  bool resolve(napi_value value) const {
    return napi_resolve_deferred(env_, deferred_, value) == napi_ok;
  }
  void reject(napi_value error) const { napi_reject_deferred(env_, deferred_, error); }

 private:
  napi_env env_;
  napi_deferred deferred_ = nullptr;
  napi_value value_ = nullptr;
};

}  // namespace bridge
