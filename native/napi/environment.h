// What the addon keeps for one JavaScript environment (the main thread, or a
// worker). Nothing is kept per process, so that workers come and go freely.
#pragma once

#include <napi.h>

#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>

#include "napi/events.h"
#include "napi/handle.h"
#include "napi/js_thread.h"
#include "napi/pool.h"

namespace bridge {

class Environment {
 public:
  // Called once when the addon is loaded into an environment; registers the cleanup hook.
  static void attach(Napi::Env env);
  static Environment& of(Napi::Env env);

  // Members are destroyed from the last to the first; close() uses the same order.
  std::shared_ptr<JsThread> js;
  Pool pool;
  Pool cgroups;  // for who kills or freezes, whatever else is stuck
  Pool trees;    // for calls that last as long as a tree is large
  Pool streams;  // for calls that last as long as somebody else takes
  Events events;
  HandleRegistry handles;

  // lib/native.ts hands in the error classes, so that a native failure is an instance of the
  // very class that callers test with `instanceof`.
  void inject_errors(Napi::Object classes) { errors_ = Napi::Persistent(classes); }
  // `new classes[name](...arguments)`; a plain Error when nothing was injected.
  Napi::Value new_error(Napi::Env env, const char* name,
                        std::initializer_list<napi_value> arguments);

  // For calls about this pool of the storage: those that are stuck hold up no container and no
  // other pool.
  Pool& storage(const std::string& pool);
  // The line in which calls about this thing of the storage stand.
  std::shared_ptr<Pool::Queue> storage_queue(const std::string& name);

  // Keeps "room.function" for as long as the function can be called.
  const std::string* qualified_name(const char* room, const char* function);

 private:
  explicit Environment(Napi::Env env);
  void close();

  Napi::ObjectReference errors_;
  std::deque<std::string> names_;
  std::map<std::string, Pool> storages_;
  std::map<std::string, std::weak_ptr<Pool::Queue>> storage_queues_;
};

}  // namespace bridge
