// What every part of the keeper shares: the loop, the log, the events, and how to answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/hierarchy.h"
#include "keeper/events.h"
#include "keeper/log.h"
#include "keeper/loop.h"
#include "keeper/message.h"
#include "keeper/spare.h"

namespace keeper {

struct Options {
  std::string state_dir;
  std::string cgroup_root;
};

constexpr const char* kOwnCgroup = "keeper";

// The cgroup of the keeper and of its children, the monitors.
inline std::string own_cgroup(const Options& options) {
  return options.cgroup_root + "/" + kOwnCgroup;
}

class Relays;

struct Context {
  const Options& options;
  Loop& loop;
  Log& log;
  Events& events;
  const cgroup::Hierarchies& hierarchies;
  Spare& spare;
  Relays& relays;
};

// Answers one request. It may be kept until the answer is known; the client may be gone by then.
class Request {
 public:
  using Send = std::function<void(std::string_view frame, const std::vector<int>& fds)>;
  Request(uint32_t id, uint64_t client, Send send)
      : id_(id), client_(client), send_(std::move(send)) {}

  [[nodiscard]] uint32_t id() const { return id_; }
  [[nodiscard]] uint64_t client() const { return client_; }
  [[nodiscard]] Writer answer() const { return Writer(Kind::REPLY, id_); }
  void reply(const Writer& frame, const std::vector<int>& fds = {}) const {
    send_(frame.bytes(), fds);
  }
  void reply() const { send_(answer().bytes(), {}); }
  // An event, as it is.
  void pass(std::string_view frame) const { send_(frame, {}); }
  void fail(const base::SysError& error, std::string_view step = {}, std::string_view code = {},
            std::string_view detail = {}) const {
    send_(error_frame(id_, error, step, code, detail).bytes(), {});
  }

 private:
  uint32_t id_;
  uint64_t client_;
  Send send_;
};

}  // namespace keeper
