#include "napi/js_thread.h"

#include <chrono>
#include <utility>

namespace bridge {

using Clock = std::chrono::steady_clock;

// After this long the rest waits for the next turn of the event loop, so that a burst does not
// hold up timers and sockets.
constexpr auto kTurn = std::chrono::milliseconds(4);

std::shared_ptr<JsThread> JsThread::create(Napi::Env env) {
  std::shared_ptr<JsThread> self(new JsThread);
  self->env_ = env;
  // The function keeps its own reference, because Node finalizes it after our cleanup hook.
  auto* context = new std::shared_ptr<JsThread>(self);
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "vpsadminos"), 0, 1, context,
      [](napi_env, void*, void* data) { delete static_cast<std::shared_ptr<JsThread>*>(data); },
      context,
      [](napi_env raw, napi_value, void* data, void*) {
        if (raw != nullptr) (*static_cast<std::shared_ptr<JsThread>*>(data))->drain(raw);
      },
      &self->function_);
  if (status != napi_ok) {
    delete context;
    self->function_ = nullptr;
    return self;
  }
  napi_unref_threadsafe_function(env, self->function_);
  return self;
}

void JsThread::wake() {
  if (awake_) return;
  awake_ = true;
  napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

bool JsThread::post(std::unique_ptr<Call> call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ == nullptr) return false;
  queue_.push_back(std::move(call));
  wake();
  return true;
}

void JsThread::drain(Napi::Env env) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    awake_ = false;
  }
  const auto until = Clock::now() + kTurn;
  do {
    std::unique_ptr<Call> call;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (queue_.empty()) return;
      call = std::move(queue_.front());
      queue_.pop_front();
    }
    const Napi::HandleScope scope(env);
    call->run(env);
    report_pending_exception(env);
  } while (Clock::now() < until);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!queue_.empty() && function_ != nullptr) wake();
}

void report_pending_exception(Napi::Env env) {
  if (!env.IsExceptionPending()) return;
  const Napi::Error error = env.GetAndClearPendingException();
  napi_fatal_exception(env, error.Value());
}

void JsThread::hold() {
  if (held_++ == 0 && function_ != nullptr) napi_ref_threadsafe_function(env_, function_);
}

void JsThread::release() {
  if (--held_ == 0 && function_ != nullptr) napi_unref_threadsafe_function(env_, function_);
}

void JsThread::close() {
  std::deque<std::unique_ptr<Call>> dropped;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ == nullptr) return;
  // Node frees the function some time after this hook: nobody may touch it from here on.
  napi_release_threadsafe_function(std::exchange(function_, nullptr), napi_tsfn_abort);
  dropped.swap(queue_);
}

}  // namespace bridge
