#include "napi/environment.h"

#include <vector>

namespace bridge {

// Enough to keep a few stuck calls from stopping everything else; a thread costs one stack page.
constexpr size_t kSlowThreads = 8;
// An unmount or a monitor that hangs is no reason not to kill, and many are killed or frozen at
// once: what does not freeze keeps one of these for ten seconds.
constexpr size_t kCgroupThreads = 32;
// Who cannot have another thread can still kill.
constexpr size_t kCgroupKept = 1;
// A tree takes as long as its guest has made it large, hours on a slow disk.
constexpr size_t kTreeThreads = 4;
// Of each pool. A dataset that hangs keeps two of them for itself, one with what changes it and one
// with what reads it.
constexpr size_t kStorageThreads = 16;
constexpr size_t kStorageKept = 4;
// No machine has more; whoever makes up names gets no more threads by it.
constexpr size_t kStorages = 32;
// One for each stream that is under way, and none otherwise: two streams that wait for each other,
// over whatever network, must never wait for a thread. Memory ends before their number does.
constexpr size_t kStreamThreads = 4096;
// As many names are remembered before those that nobody uses are dropped.
constexpr size_t kStorageQueues = 256;

Environment::Environment(Napi::Env env)
    : js(JsThread::create(env)),
      pool(js, "vpsadminos-slow", kSlowThreads, kSlowThreads),
      cgroups(js, "vpsadminos-cgrp", kCgroupThreads, kCgroupKept),
      trees(js, "vpsadminos-tree", kTreeThreads, 0),
      streams(js, "vpsadminos-strm", kStreamThreads, 0),
      events(js) {}

void Environment::attach(Napi::Env env) {
  // Hooks run newest first. The constructor has made the threadsafe function, with Node's own hook
  // for it, so ours runs before that one, while the function is still alive.
  auto* self = new Environment(env);
  env.SetInstanceData<Environment>(self);
  env.AddCleanupHook([](Environment* environment) { environment->close(); }, self);
}

Environment& Environment::of(Napi::Env env) {
  return *env.GetInstanceData<Environment>();
}

void Environment::close() {
  handles.close_all();
  events.close();
  pool.close();
  cgroups.close();
  trees.close();
  for (auto& [name, storage] : storages_) storage.close();
  streams.close();
  js->close();
}

Napi::Value Environment::new_error(Napi::Env env, const char* name,
                                   std::initializer_list<napi_value> arguments) {
  const std::vector<napi_value> list(arguments);
  if (!errors_.IsEmpty()) {
    const Napi::Value constructor = errors_.Value().Get(name);
    if (constructor.IsFunction()) return constructor.As<Napi::Function>().New(list);
  }
  return Napi::Error::New(env, std::string(name) + " before lib/native.ts has set the addon up")
      .Value();
}

Pool& Environment::storage(const std::string& pool) {
  const std::string& name = storages_.size() < kStorages || storages_.contains(pool) ? pool : "";
  return storages_.try_emplace(name, js, "vpsadminos-slow", kStorageThreads, kStorageKept)
      .first->second;
}

std::shared_ptr<Pool::Queue> Environment::storage_queue(const std::string& name) {
  if (storage_queues_.size() > kStorageQueues) {
    std::erase_if(storage_queues_, [](const auto& one) { return one.second.expired(); });
  }
  std::weak_ptr<Pool::Queue>& known = storage_queues_[name];
  std::shared_ptr<Pool::Queue> queue = known.lock();
  if (queue == nullptr) known = queue = std::make_shared<Pool::Queue>();
  return queue;
}

const std::string* Environment::qualified_name(const char* room, const char* function) {
  return &names_.emplace_back(std::string(room) + "." + function);
}

}  // namespace bridge
