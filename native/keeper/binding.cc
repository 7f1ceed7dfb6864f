// The room as JavaScript sees it: types/native/keeper.d.ts. Carries frames and descriptors
// between lib/keeper and the keeper, and knows nothing of what they mean.
#include <fcntl.h>
#include <sys/epoll.h>

#include <memory>

#include "keeper/channel.h"
#include "napi/events.h"
#include "napi/exports.h"
#include "napi/task.h"

namespace {

using bridge::Args;
using Napi::CallbackInfo;
using Napi::Value;

class Frame final : public bridge::Event {
 public:
  Frame(keeper::Received received, bool bare) : received_(std::move(received)), bare_(bare) {}
  Value to_value(Napi::Env env) override {
    Napi::Array fds = Napi::Array::New(env, received_.fds.size());
    for (uint32_t i = 0; i < received_.fds.size(); i++) {
      fds.Set(i, bridge::to_js(env, received_.fds[i].release()));
    }
    return bridge::record(env, "type", "frame", "frame", bridge::Bytes{std::move(received_.bytes)},
                          "fds", Value(fds), "bare", bare_);
  }

 private:
  keeper::Received received_;
  bool bare_;
};

class Connection final : public bridge::Source {
 public:
  explicit Connection(base::UniqueFd socket) : socket_(std::move(socket)) {}
  [[nodiscard]] int fd() const { return socket_.get(); }
  std::vector<bridge::Interest> interests() override { return {{socket_.get(), EPOLLIN}}; }
  void ready(size_t index, uint32_t, bridge::Subscription& subscription) override {
    bool bare = false;
    auto received = keeper::receive(socket_.get(), bare);
    if (!received.ok() && received.error().errnum == EAGAIN) return;
    if (received.ok() && !received->bytes.empty()) {
      subscription.emit(std::make_unique<Frame>(std::move(*received), bare));
      return;
    }
    subscription.drop_interest(index);
    subscription.emit_value([](Napi::Env env) { return bridge::record(env, "type", "closed"); });
  }

 private:
  const base::UniqueFd socket_;
};

// connect(path: string, callback: (event: ConnectionEvent) => void): Subscription
Value Connect(const CallbackInfo& info) {
  Args args(info);
  const std::string path = args[0].string();
  const Napi::Function callback = args[1].function();
  if (!args.ok()) return {};
  return bridge::value_or_throw(
      info.Env(), keeper::connect_to(path), [&](Napi::Env, base::UniqueFd& socket) {
        return bridge::subscribe(info, callback, std::make_unique<Connection>(std::move(socket)),
                                 {.limit = 1024, .keeps_alive = true});
      });
}

// send(connection: Subscription, frame: Buffer, fds: number[]): boolean
Value Send(const CallbackInfo& info) {
  Args args(info);
  const auto subscription = args[0].handle<bridge::Subscription>();
  const std::string frame = args[1].bytes();
  const std::vector<int> fds = args[2].list([](const bridge::In& in) { return in.fd(); });
  if (!args.ok()) return {};
  const auto& connection = static_cast<const Connection&>(subscription->source());
  auto sent = keeper::send(connection.fd(), frame, fds);
  if (!sent.ok() && sent.error().errnum == EAGAIN) return bridge::to_js(info.Env(), false);
  return bridge::value_or_throw(info.Env(), std::move(sent), [](Napi::Env env, base::Unit&) {
    return bridge::to_js(env, true);
  });
}

// disconnect(connection: Subscription): void
Value Disconnect(const CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<bridge::Subscription>(args[0]);
  return {};
}

// takeError(socket: number): void
Value TakeError(const CallbackInfo& info) {
  Args args(info);
  const int socket = args[0].fd();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), keeper::take_error(socket));
}

}  // namespace

Napi::Object init_keeper(Napi::Env env) {
  return bridge::functions(
      env, "keeper",
      {{"connect", Connect}, {"send", Send}, {"disconnect", Disconnect}, {"takeError", TakeError}});
}
