// Waiting for the kernel: one epoll thread per environment, started by the first
// subscription. A Source owns descriptors and turns their readiness into events; the
// JavaScript callback gets them in order. What JavaScript has not taken yet waits in a
// queue per subscription that is bounded, so that one talkative source costs neither
// memory nor the events of the others.
#pragma once

#include <napi.h>
#include <pthread.h>
#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "napi/convert.h"
#include "napi/js_thread.h"

namespace bridge {

// One thing that happened, made on the epoll thread, given to JavaScript on its own.
class Event {
 public:
  virtual ~Event() = default;
  virtual Napi::Value to_value(Napi::Env env) = 0;
};

class Subscription;

struct Interest {
  int fd = -EBADF;
  uint32_t events = EPOLLIN;
};

// What to do when the queue of a subscription is full.
enum class Overflow {
  kPause,  // stop asking epoll until JavaScript has caught up: the kernel keeps the state
  kDrop,   // drop and count; JavaScript then gets { type: 'lost', count }
};

class Source {
 public:
  virtual ~Source() = default;
  // JS thread, once. The descriptors belong to the source and live as long as it does.
  virtual std::vector<Interest> interests() = 0;
  // Epoll thread; must not block. `index` is that of interests(). Level triggered: it is called
  // again until the descriptor has been read empty or its interest is changed.
  virtual void ready(size_t index, uint32_t events, Subscription& subscription) = 0;
};

struct SubscribeOptions {
  Overflow overflow = Overflow::kPause;
  size_t limit = 64;         // events that wait for JavaScript
  bool keeps_alive = false;  // whether the event loop stays alive for it, as for a socket
};

class Events;

// One source with its callback; what JavaScript holds a handle of.
class Subscription : public std::enable_shared_from_this<Subscription> {
 public:
  static constexpr const char* kTypeName = "subscription";

  Subscription(Events* events, uint64_t id, std::unique_ptr<Source> source, Napi::Function callback,
               SubscribeOptions options);
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // Epoll thread, from Source::ready(). False when the event was dropped.
  bool emit(std::unique_ptr<Event> event);
  template <typename Make>  // Napi::Value make(Napi::Env), called on the JS thread
  bool emit_value(Make make);
  // Any thread: what to ask epoll for from now on; 0 asks for nothing but errors and hang-ups.
  void set_interest(size_t index, uint32_t events);
  // Any thread: forget the descriptor, also for hang-ups (a level-triggered one would spin).
  void drop_interest(size_t index);
  // JS thread: no callback from here on. The source goes when nobody uses it any more.
  void close();

  [[nodiscard]] Source& source() { return *source_; }

 private:
  friend class Events;
  class Delivery;
  base::Status arm();          // with mutex_ held
  void disarm();               // with mutex_ held
  [[nodiscard]] bool armed();  // false while paused or closed
  void deliver(Napi::Env env);

  Events* events_;  // null once closed; JS thread
  const std::shared_ptr<JsThread> js_;
  const int epoll_;
  const uint64_t id_;
  const std::unique_ptr<Source> source_;
  Napi::FunctionReference callback_;  // JS thread
  const SubscribeOptions options_;

  std::mutex mutex_;                 // guards what follows
  std::vector<Interest> interests_;  // fd -EBADF: dropped
  std::deque<std::unique_ptr<Event>> queue_;
  uint64_t lost_ = 0;
  bool armed_ = false;   // known to epoll
  bool posted_ = false;  // a delivery is on its way
  bool closed_ = false;
};

class Events {
 public:
  explicit Events(std::shared_ptr<JsThread> js) : js_(std::move(js)) {}

  // JS thread.
  base::Result<std::shared_ptr<Subscription>> subscribe(Napi::Function callback,
                                                        std::unique_ptr<Source> source,
                                                        SubscribeOptions options);
  // JS thread, from the cleanup hook: ends the thread and waits for it (ready() does not block).
  void close();

 private:
  friend class Subscription;
  base::Status start();
  void serve();
  std::shared_ptr<Subscription> find(uint64_t id);
  void forget(uint64_t id);

  std::shared_ptr<JsThread> js_;
  base::UniqueFd epoll_;
  base::UniqueFd stop_;
  pthread_t thread_{};
  bool running_ = false;
  uint64_t next_id_ = 1;  // 0 is the stop descriptor
  std::mutex mutex_;      // guards subscriptions_
  std::map<uint64_t, std::shared_ptr<Subscription>> subscriptions_;
};

template <typename Make>
bool Subscription::emit_value(Make make) {
  struct Made final : Event {
    explicit Made(Make m) : make(std::move(m)) {}
    Napi::Value to_value(Napi::Env env) override { return make(env); }
    Make make;
  };
  return emit(std::make_unique<Made>(std::move(make)));
}

// The usual end of a `watch…` binding: subscribes and returns the handle, or throws.
Napi::Value subscribe(const Napi::CallbackInfo& info, Napi::Function callback,
                      std::unique_ptr<Source> source, SubscribeOptions options = {});

}  // namespace bridge
