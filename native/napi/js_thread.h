// The way back to the JavaScript thread: one threadsafe function per environment.
// It only wakes; what is to be done waits in a queue of ours, so that work which
// is still on its way when the environment ends can simply be dropped.
#pragma once

#include <napi.h>

#include <deque>
#include <memory>
#include <mutex>

namespace bridge {

class JsThread {
 public:
  // Something to do on the JavaScript thread. It may be destroyed on another
  // thread (when the environment has ended), so it owns no JavaScript references.
  class Call {
   public:
    virtual ~Call() = default;
    virtual void run(Napi::Env env) = 0;
  };

  // JS thread.
  static std::shared_ptr<JsThread> create(Napi::Env env);
  ~JsThread() = default;
  JsThread(const JsThread&) = delete;
  JsThread& operator=(const JsThread&) = delete;

  // Any thread. False when the environment has ended; the call is gone then.
  bool post(std::unique_ptr<Call> call);

  // JS thread. The event loop stays alive while at least one is held.
  void hold();
  void release();

  // JS thread, from the cleanup hook. What has not run by now never will.
  void close();

 private:
  JsThread() = default;
  void drain(Napi::Env env);
  void wake();

  Napi::Env env_ = nullptr;
  size_t held_ = 0;
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;  // null once closed
  std::deque<std::unique_ptr<Call>> queue_;
  bool awake_ = false;
};

// A callback that threw must not keep the next one from being called: what it threw goes to
// process's 'uncaughtException', as from any event.
void report_pending_exception(Napi::Env env);

}  // namespace bridge
