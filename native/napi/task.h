// Work off the JavaScript thread, as a promise. The work returns a Result and knows
// nothing of JavaScript; `convert` turns its value into JavaScript afterwards.
//
//   return bridge::run(info, [path] { return cgroup::read_stat(path); },     // worker thread
//                      [](Napi::Env env, Stat& s) { return to_js(env, s); }); // JS thread
//
// Neither may own JavaScript references: with the environment gone, both are
// destroyed on whatever thread they are on.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/fd.h"
#include "napi/convert.h"
#include "napi/environment.h"
#include "napi/errors.h"
#include "napi/promise.h"

namespace bridge {

struct ConvertByType {
  template <typename T>
  Napi::Value operator()(Napi::Env env, T& value) const {
    return to_js(env, value);
  }
};

// What is more than a value becomes the caller's when it has reached them, and not before: nobody
// may be left by then. A conversion that has to do with such a thing is a class with `given`.
template <typename Convert, typename T>
void given(const Convert& convert, T& value) {
  if constexpr (requires { convert.given(value); }) convert.given(value);
}

// A descriptor as its number.
struct GiveFd {
  Napi::Value operator()(Napi::Env env, base::UniqueFd& fd) const { return to_js(env, fd.get()); }
  void given(base::UniqueFd& fd) const { (void)fd.release(); }
};

template <typename Work, typename Convert>
class Task : public Pool::Job {
 public:
  Task(Napi::Env env, Work work, Convert convert)
      : promise_(env), work_(std::move(work)), convert_(std::move(convert)) {}

  [[nodiscard]] const Promise& promise() const { return promise_; }
  void execute() override { result_.emplace(work_()); }
  void run(Napi::Env env) override {
    if (!result_->ok()) {
      promise_.reject(to_error(env, result_->error()));
      return;
    }
    const Napi::Value value = convert_(env, result_->value());
    if (env.IsExceptionPending()) {
      promise_.reject(env.GetAndClearPendingException().Value());
    } else if (promise_.resolve(value)) {
      given(convert_, result_->value());
    }
  }

 private:
  Promise promise_;
  Work work_;
  Convert convert_;
  std::optional<std::invoke_result_t<Work&>> result_;
};

// Milliseconds: on libuv's pool.
template <typename Work, typename Convert = ConvertByType>
Napi::Value run(const Napi::CallbackInfo& info, Work work, Convert convert = {}) {
  struct Pending {
    Pending(Napi::Env env, Work work, Convert convert)
        : task(env, std::move(work), std::move(convert)) {}
    Task<Work, Convert> task;
    napi_async_work handle = nullptr;
  };
  const Napi::Env env = info.Env();
  auto pending = std::make_unique<Pending>(env, std::move(work), std::move(convert));
  const Promise promise = pending->task.promise();
  if (!promise.made()) return {};
  napi_status status = napi_create_async_work(
      env, nullptr, Napi::String::New(env, function_name(info)),
      [](napi_env, void* data) { static_cast<Pending*>(data)->task.execute(); },
      [](napi_env raw, napi_status outcome, void* data) {
        const std::unique_ptr<Pending> done(static_cast<Pending*>(data));
        const Napi::Env env(raw);
        const Napi::HandleScope scope(env);
        napi_delete_async_work(raw, done->handle);
        if (outcome == napi_ok) done->task.run(env);
      },
      pending.get(), &pending->handle);
  if (status == napi_ok) status = napi_queue_async_work(env, pending->handle);
  if (status == napi_ok) {
    (void)pending.release();  // the completion above owns it now
  } else {
    promise.reject(to_error(env, base::SysError{EAGAIN, "napi_queue_async_work", {}}));
  }
  return promise.value();
}

// On a pool of ours. Keeps the event loop alive until it is done.
template <typename Work, typename Convert>
Napi::Value run_on(const Napi::CallbackInfo& info, Pool& pool,
                   const std::shared_ptr<Pool::Queue>& queue, Work work, Convert convert) {
  struct Slow final : Task<Work, Convert> {
    using Task<Work, Convert>::Task;
    void run(Napi::Env env) override {
      Environment::of(env).js->release();
      Task<Work, Convert>::run(env);
    }
  };
  const Napi::Env env = info.Env();
  Environment& environment = Environment::of(env);
  auto task = std::make_unique<Slow>(env, std::move(work), std::move(convert));
  const Promise promise = task->promise();
  if (!promise.made()) return {};
  environment.js->hold();
  if (const int failed = pool.submit(std::move(task), queue); failed != 0) {
    environment.js->release();
    promise.reject(to_error(env, base::SysError{failed, "pthread_create", {}}));
  }
  return promise.value();
}

// Seconds and more: on our own bounded pool, one after the other with all calls that have the same
// queue.
template <typename Work, typename Convert = ConvertByType>
Napi::Value run_queued(const Napi::CallbackInfo& info, const std::shared_ptr<Pool::Queue>& queue,
                       Work work, Convert convert = {}) {
  return run_on(info, Environment::of(info.Env()).pool, queue, std::move(work), std::move(convert));
}

// The same on the threads for that pool of the storage.
template <typename Work, typename Convert = ConvertByType>
Napi::Value run_storage(const Napi::CallbackInfo& info, const std::string& pool,
                        const std::shared_ptr<Pool::Queue>& queue, Work work,
                        Convert convert = {}) {
  return run_on(info, Environment::of(info.Env()).storage(pool), queue, std::move(work),
                std::move(convert));
}

// On a thread of its own.
template <typename Work, typename Convert = ConvertByType>
Napi::Value run_stream(const Napi::CallbackInfo& info, Work work, Convert convert = {}) {
  return run_on(info, Environment::of(info.Env()).streams, nullptr, std::move(work),
                std::move(convert));
}

// As run_queued(), independent of all other calls.
template <typename Work, typename Convert = ConvertByType>
Napi::Value run_slow(const Napi::CallbackInfo& info, Work work, Convert convert = {}) {
  return run_queued(info, nullptr, std::move(work), std::move(convert));
}

// The same on threads for who kills or freezes.
template <typename Work, typename Convert = ConvertByType>
Napi::Value run_cgroup(const Napi::CallbackInfo& info, Work work, Convert convert = {}) {
  return run_on(info, Environment::of(info.Env()).cgroups, nullptr, std::move(work),
                std::move(convert));
}

// The same on the few threads for whole trees: as long as its owner has made one large.
template <typename Work, typename Convert = ConvertByType>
Napi::Value run_tree(const Napi::CallbackInfo& info, Work work, Convert convert = {}) {
  return run_on(info, Environment::of(info.Env()).trees, nullptr, std::move(work),
                std::move(convert));
}

// Microseconds, cannot block: right here. Throws instead of rejecting.
template <typename R, typename Convert = ConvertByType>
Napi::Value value_or_throw(Napi::Env env, R result, Convert convert = {}) {
  if (result.ok()) {
    const Napi::Value value = convert(env, result.value());
    if (!value.IsEmpty()) given(convert, result.value());
    return value;
  }
  throw_error(env, to_error(env, result.error()));
  return {};
}

}  // namespace bridge
