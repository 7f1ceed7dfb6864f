#include "keeper/events.h"

#include <time.h>

#include <algorithm>

#include "base/random.h"
#include "keeper/handover.h"

namespace keeper {
namespace {

uint64_t realtime_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

}  // namespace

Events::Events(Sink sink) : sink_(std::move(sink)), epoch_(base::random_digits()) {}

void Events::emit(std::string_view type, std::string_view pool, std::string_view id,
                  const std::function<void(Writer&)>& more) {
  Writer frame(Kind::EVENT, 0);
  frame.number(Tag::SEQ, ++last_).number(Tag::TIME, realtime_ms());
  frame.put(Tag::TYPE, type).put(Tag::POOL, pool).put(Tag::ID, id);
  if (more) more(frame);
  ring_.push_back({last_, std::pmr::string(frame.bytes(), &pool_)});
  if (ring_.size() > kKept) ring_.pop_front();
  sink_(frame.bytes());
}

void Events::hand_over(Handover& to) const {
  for (const Entry& entry : ring_) {
    Writer frame(Kind::EVENT, 0);
    to.put(frame.append_fields(entry.frame));
  }
}

void Events::take_over(const Takeover& from) {
  const Message* keeper = from.find(Kind::HELLO);
  if (keeper == nullptr) return;
  epoch_ = keeper->fields.str(Tag::EPOCH);
  last_ = keeper->fields.number(Tag::SEQ);
  for (const Message& event : from.all()) {
    if (event.kind != Kind::EVENT) continue;
    ring_.push_back({event.fields.number(Tag::SEQ), std::pmr::string(event.frame, &pool_)});
  }
}

void Events::replay(std::string_view epoch, uint64_t seq, const Sink& sink) const {
  // Numbers of another keeper say nothing here: all that this one knows is news, and what is lost
  // has no numbers.
  const bool same = epoch == epoch_;
  const uint64_t after = same ? std::min(seq, last_) : 0;
  const uint64_t oldest = ring_.empty() ? last_ + 1 : ring_.front().seq;
  if ((!same && !epoch.empty()) || after + 1 < oldest) {
    Writer gap(Kind::EVENT, 0);
    gap.number(Tag::SEQ, after).number(Tag::TIME, realtime_ms()).put(Tag::TYPE, "gap");
    gap.number(Tag::FROM, same ? after + 1 : 0).number(Tag::TO, oldest == 0 ? 0 : oldest - 1);
    sink(gap.bytes());
  }
  for (const Entry& entry : ring_) {
    if (entry.seq > after) sink(entry.frame);
  }
}

}  // namespace keeper
