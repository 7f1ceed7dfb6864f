// What happened to containers, numbered and kept for those who were away.
// Numbers begin anew with each keeper, so a number means something only under its epoch.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory_resource>
#include <string>
#include <string_view>

#include "keeper/message.h"
#include "keeper/unforked.h"

namespace keeper {

class Handover;
class Takeover;

class Events {
 public:
  using Sink = std::function<void(std::string_view frame)>;

  explicit Events(Sink sink);
  // Adds SEQ, TIME, POOL, ID and TYPE; `more` carries the rest.
  void emit(std::string_view type, std::string_view pool, std::string_view id,
            const std::function<void(Writer&)>& more = {});
  // Everything after `seq`, preceded by a `gap` event when some of it is gone.
  void replay(std::string_view epoch, uint64_t seq, const Sink& sink) const;
  [[nodiscard]] const std::string& epoch() const { return epoch_; }
  [[nodiscard]] uint64_t last() const { return last_; }
  void hand_over(Handover& to) const;
  void take_over(const Takeover& from);

 private:
  struct Entry {
    uint64_t seq;
    std::pmr::string frame;
  };
  static constexpr size_t kKept = 8192;
  Sink sink_;
  std::string epoch_;
  uint64_t last_ = 0;
  Unforked memory_;
  std::pmr::unsynchronized_pool_resource pool_{&memory_};
  std::pmr::deque<Entry> ring_{&pool_};
};

}  // namespace keeper
