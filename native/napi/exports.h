// The functions of one room. The list in binding.cc is the index of the room: the same
// names in the same order as in types/native/<room>.d.ts (a test compares them).
#pragma once

#include <napi.h>

#include <initializer_list>
#include <string>

#include "napi/environment.h"

namespace bridge {

struct Function {
  const char* name;
  Napi::Value (*call)(const Napi::CallbackInfo& info);
};

inline void add_functions(Napi::Env env, Napi::Object exports, const char* room,
                          std::initializer_list<Function> list) {
  for (const Function& function : list) {
    // Travels as the function's data: messages and async resources bear the full name.
    const std::string* name = Environment::of(env).qualified_name(room, function.name);
    exports.Set(function.name, Napi::Function::New(env, function.call, function.name,
                                                   const_cast<std::string*>(name)));
  }
}

inline Napi::Object functions(Napi::Env env, const char* room,
                              std::initializer_list<Function> list) {
  Napi::Object exports = Napi::Object::New(env);
  add_functions(env, exports, room, list);
  exports.Freeze();
  return exports;
}

}  // namespace bridge
