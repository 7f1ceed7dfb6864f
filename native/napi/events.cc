#include "napi/events.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>

#include "napi/environment.h"
#include "napi/errors.h"
#include "napi/task.h"
#include "napi/thread.h"

namespace bridge {

// What epoll gives back: the subscription and which of its descriptors.
constexpr unsigned kIndexBits = 8;
constexpr uint64_t kStop = 0;

static uint64_t key_of(uint64_t id, size_t index) {
  return id << kIndexBits | index;
}

namespace {

class Lost final : public Event {
 public:
  explicit Lost(uint64_t count) : count_(count) {}
  Napi::Value to_value(Napi::Env env) override {
    return record(env, "type", "lost", "count", count_);
  }

 private:
  uint64_t count_;
};

}  // namespace

class Subscription::Delivery final : public JsThread::Call {
 public:
  explicit Delivery(std::shared_ptr<Subscription> subscription)
      : subscription_(std::move(subscription)) {}
  void run(Napi::Env env) override { subscription_->deliver(env); }

 private:
  std::shared_ptr<Subscription> subscription_;
};

Subscription::Subscription(Events* events, uint64_t id, std::unique_ptr<Source> source,
                           Napi::Function callback, SubscribeOptions options)
    : events_(events),
      js_(events->js_),
      epoll_(events->epoll_.get()),
      id_(id),
      source_(std::move(source)),
      callback_(Napi::Persistent(callback)),
      options_(options),
      interests_(source_->interests()) {}

base::Status Subscription::arm() {
  for (size_t i = 0; i < interests_.size(); ++i) {
    if (interests_[i].fd < 0) continue;
    epoll_event event{};
    event.events = interests_[i].events;
    event.data.u64 = key_of(id_, i);
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, interests_[i].fd, &event) != 0) {
      auto error = base::last_error("epoll_ctl");
      disarm();
      return error;
    }
  }
  armed_ = true;
  return base::success();
}

void Subscription::disarm() {
  for (const Interest& interest : interests_) {
    if (interest.fd >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, interest.fd, nullptr);
  }
  armed_ = false;
}

bool Subscription::armed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return armed_;
}

void Subscription::set_interest(size_t index, uint32_t events) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Interest& interest = interests_[index];
  interest.events = events;
  if (!armed_ || interest.fd < 0) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = key_of(id_, index);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, interest.fd, &event);
}

void Subscription::drop_interest(size_t index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int fd = std::exchange(interests_[index].fd, -EBADF);
  if (armed_ && fd >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

bool Subscription::emit(std::unique_ptr<Event> event) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return false;
    const bool full = queue_.size() >= options_.limit;
    if (full && options_.overflow == Overflow::kDrop) {
      ++lost_;
      return false;
    }
    // The gap is told where it is: between what came before it and what comes after.
    if (lost_ > 0) queue_.push_back(std::make_unique<Lost>(std::exchange(lost_, 0)));
    queue_.push_back(std::move(event));
    // A deleted descriptor rather than an empty mask: epoll reports hang-ups regardless of the
    // mask, and would spin on one while JavaScript is busy.
    if (queue_.size() >= options_.limit && options_.overflow == Overflow::kPause) disarm();
    if (std::exchange(posted_, true)) return true;
  }
  js_->post(std::make_unique<Delivery>(shared_from_this()));
  return true;
}

void Subscription::deliver(Napi::Env env) {
  std::deque<std::unique_ptr<Event>> events;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    events.swap(queue_);
    if (lost_ > 0) events.push_back(std::make_unique<Lost>(std::exchange(lost_, 0)));
    posted_ = false;
    // It was armed before with the same descriptors, so this can fail only for lack of memory.
    if (!armed_) (void)arm();
  }
  for (const auto& event : events) {
    if (events_ == nullptr) return;  // closed by the callback
    const Napi::HandleScope scope(env);
    const Napi::Value value = event->to_value(env);
    if (!env.IsExceptionPending()) callback_.Call({value});
    report_pending_exception(env);
  }
}

void Subscription::close() {
  if (events_ == nullptr) return;
  const std::shared_ptr<Subscription> self = shared_from_this();
  std::deque<std::unique_ptr<Event>> unread;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    disarm();
    unread.swap(queue_);
  }
  events_->forget(id_);
  events_ = nullptr;
  callback_.Reset();
  if (options_.keeps_alive) js_->release();
}

base::Status Events::start() {
  if (running_) return base::success();
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return base::last_error("epoll_create1");
  stop_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_.valid()) return base::last_error("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kStop;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stop_.get(), &event) != 0) {
    return base::last_error("epoll_ctl");
  }
  if (const int failed = start_thread(
          "vpsadminos-wait", [this] { serve(); }, &thread_);
      failed != 0) {
    return base::SysError{failed, "pthread_create", {}};
  }
  running_ = true;
  return base::success();
}

void Events::serve() {
  std::array<epoll_event, 64> ready{};
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {  // -1 is EINTR: the descriptors are ours and stay valid
      const uint64_t key = ready[i].data.u64;
      if (key == kStop) return;
      const auto subscription = find(key >> kIndexBits);
      if (subscription == nullptr || !subscription->armed()) continue;
      subscription->source().ready(key & ((1U << kIndexBits) - 1), ready[i].events, *subscription);
    }
  }
}

std::shared_ptr<Subscription> Events::find(uint64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() ? nullptr : found->second;
}

void Events::forget(uint64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  subscriptions_.erase(id);
}

base::Result<std::shared_ptr<Subscription>> Events::subscribe(Napi::Function callback,
                                                              std::unique_ptr<Source> source,
                                                              SubscribeOptions options) {
  TRY_STATUS(start());
  const uint64_t id = next_id_++;
  auto subscription =
      std::make_shared<Subscription>(this, id, std::move(source), callback, options);
  if (options.keeps_alive) js_->hold();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    subscriptions_.emplace(id, subscription);
  }
  base::Status armed = base::success();
  {
    const std::lock_guard<std::mutex> lock(subscription->mutex_);
    armed = subscription->arm();
  }
  if (!armed.ok()) {
    subscription->close();
    return std::move(armed.error());
  }
  return subscription;
}

void Events::close() {
  if (!running_) return;
  const uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof one);
  pthread_join(thread_, nullptr);
  running_ = false;
}

Napi::Value subscribe(const Napi::CallbackInfo& info, Napi::Function callback,
                      std::unique_ptr<Source> source, SubscribeOptions options) {
  const Napi::Env env = info.Env();
  return value_or_throw(env,
                        Environment::of(env).events.subscribe(callback, std::move(source), options),
                        [](Napi::Env e, std::shared_ptr<Subscription>& subscription) {
                          return make_handle(e, std::move(subscription));
                        });
}

}  // namespace bridge
