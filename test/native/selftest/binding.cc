// An addon for tests only: what native/napi offers, with work whose course a test decides. Built by
// CMake (npm run build:dev) as selftest.node.
#include <napi.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "base/fd.h"
#include "base/retry.h"
#include "napi/exports.h"
#include "napi/handle.h"
#include "napi/task.h"

using bridge::Args;
using bridge::In;

namespace {

// Calls of work() that run at this moment, and the most that ever did.
std::atomic<int> running{0};
std::atomic<int> most{0};
std::atomic<int> made{0};  // Things that exist

struct Thing {
  static constexpr const char* kTypeName = "selftest thing";
  Thing() { ++made; }
  ~Thing() { --made; }
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;
  void close() { closed = true; }
  std::atomic<bool> closed{false};
  std::shared_ptr<bridge::Pool::Queue> queue = std::make_shared<bridge::Pool::Queue>();
};

base::Result<int> work(int milliseconds, int result) {
  const int now = ++running;
  for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  --running;
  if (result < 0) return base::SysError{-result, "work", "/selftest"};
  return result;
}

// run(milliseconds, result), slow(…), tree(…): a negative result is an errno
Napi::Value Run(const Napi::CallbackInfo& info) {
  Args args(info);
  const int ms = args[0].int32();
  const int result = args[1].int32();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return work(ms, result); });
}

Napi::Value Slow(const Napi::CallbackInfo& info) {
  Args args(info);
  const int ms = args[0].int32();
  const int result = args[1].int32();
  if (!args.ok()) return {};
  return bridge::run_slow(info, [=] { return work(ms, result); });
}

Napi::Value Tree(const Napi::CallbackInfo& info) {
  Args args(info);
  const int ms = args[0].int32();
  const int result = args[1].int32();
  if (!args.ok()) return {};
  return bridge::run_tree(info, [=] { return work(ms, result); });
}

// thing(): handle; inQueue(thing, milliseconds, result); close(thing)
Napi::Value MakeThing(const Napi::CallbackInfo& info) {
  return bridge::make_handle(info.Env(), std::make_shared<Thing>());
}

Napi::Value InQueue(const Napi::CallbackInfo& info) {
  Args args(info);
  const auto thing = args[0].handle<Thing>();
  const int ms = args[1].int32();
  const int result = args[2].int32();
  if (!args.ok()) return {};
  // The job holds the thing, which holds the queue that holds the job.
  return bridge::run_queued(info, thing->queue, [thing, ms, result] { return work(ms, result); });
}

Napi::Value Close(const Napi::CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<Thing>(args[0]);
  return info.Env().Undefined();
}

// badConvert(): resolves to something that throws on the way to JavaScript
Napi::Value BadConvert(const Napi::CallbackInfo& info) {
  return bridge::run(
      info, [] { return base::Result<int>(0); },
      [](Napi::Env env, int&) -> Napi::Value {
        Napi::RangeError::New(env, "from convert").ThrowAsJavaScriptException();
        return {};
      });
}

Napi::Value Counters(const Napi::CallbackInfo& info) {
  return bridge::record(info.Env(), "running", running.load(), "most", most.exchange(0), "things",
                        made.load());
}

// Gives one event for each number that is written to it, and more for larger numbers.
class Bell final : public bridge::Source {
 public:
  explicit Bell(base::UniqueFd fd) : fd_(std::move(fd)) {}
  std::vector<bridge::Interest> interests() override { return {{fd_.get(), EPOLLIN}}; }
  void ready(size_t, uint32_t, bridge::Subscription& subscription) override {
    uint64_t count = 0;
    if (base::retry([&] { return ::read(fd_.get(), &count, sizeof count); }) < 0) return;
    for (uint64_t i = 0; i < count; ++i) {
      subscription.emit_value([number = ++emitted_](Napi::Env env) {
        return bridge::record(env, "type", "ring", "number", number);
      });
    }
  }

 private:
  base::UniqueFd fd_;
  uint64_t emitted_ = 0;
};

// listen(fd, drop, limit, keepsAlive, callback): handle. Takes the eventfd over.
Napi::Value Listen(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args[0].fd();
  const bool drop = args[1].boolean();
  const uint32_t limit = args[2].uint32();
  const bool keeps_alive = args[3].boolean();
  const Napi::Function callback = args[4].function();
  if (!args.ok()) return {};
  const auto overflow = drop ? bridge::Overflow::kDrop : bridge::Overflow::kPause;
  return bridge::subscribe(info, callback, std::make_unique<Bell>(base::UniqueFd(fd)),
                           {overflow, limit, keeps_alive});
}

Napi::Value EventFd(const Napi::CallbackInfo& info) {
  return bridge::to_js(info.Env(), ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

Napi::Value Unlisten(const Napi::CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<bridge::Subscription>(args[0]);
  return info.Env().Undefined();
}

// Each takes one value of its type and gives it back.
template <auto read>
Napi::Value Echo(const Napi::CallbackInfo& info) {
  Args args(info);
  const auto value = (args[0].*read)();
  if (!args.ok()) return {};
  return bridge::to_js(info.Env(), value);
}

Napi::Value EchoBigint(const Napi::CallbackInfo& info) {
  Args args(info);
  const uint64_t value = args[0].bigint();
  if (!args.ok()) return {};
  return bridge::to_js(info.Env(), bridge::BigInt{value});
}

Napi::Value EchoBytes(const Napi::CallbackInfo& info) {
  Args args(info);
  bridge::Bytes bytes{args[0].bytes()};
  if (!args.ok()) return {};
  return bridge::to_js(info.Env(), bytes);
}

Napi::Value EchoNullable(const Napi::CallbackInfo& info) {
  Args args(info);
  const auto value = args[0].nullable([](const In& in) { return in.string(); });
  if (!args.ok()) return {};
  return bridge::to_js(info.Env(), value);
}

Napi::Value SetErrors(const Napi::CallbackInfo& info) {
  bridge::Environment::of(info.Env()).inject_errors(info[0].As<Napi::Object>());
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object) {
  bridge::Environment::attach(env);
  return bridge::functions(env, "selftest",
                           {{"setErrors", SetErrors},
                            {"run", Run},
                            {"slow", Slow},
                            {"tree", Tree},
                            {"thing", MakeThing},
                            {"inQueue", InQueue},
                            {"close", Close},
                            {"badConvert", BadConvert},
                            {"counters", Counters},
                            {"eventFd", EventFd},
                            {"listen", Listen},
                            {"unlisten", Unlisten},
                            {"boolean", Echo<&In::boolean>},
                            {"string", Echo<&In::string>},
                            {"int32", Echo<&In::int32>},
                            {"uint32", Echo<&In::uint32>},
                            {"integer", Echo<&In::integer>},
                            {"number", Echo<&In::number>},
                            {"strings", Echo<&In::strings>},
                            {"bigint", EchoBigint},
                            {"bytes", EchoBytes},
                            {"nullable", EchoNullable}});
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
