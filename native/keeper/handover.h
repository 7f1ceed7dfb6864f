// What the keeper leaves to the program that follows it in the same process: frames, and
// descriptors that they name by their numbers, which do not change by execve(2).
//
// Each frame is of the kind that asks for such a thing: HELLO is the keeper itself, SUBSCRIBE a
// client, REPLY what is still to be sent to it, TELL_STATE a FIFO, START a container, PLAN one that
// has ended with datasets in its hands, EXEC a session, SESSION_CLOSE what sessions have left,
// SESSION_OPEN a relay, EDIT an edit, CONSOLE a console, EVENT an event as it was sent, FAULT the
// armed one, RENEW who waits for all this. What one of the two does not know is left out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "keeper/context.h"
#include "keeper/message.h"

namespace keeper {

// What a program says that was asked whether it understands all this: no other one says it.
constexpr std::string_view kUnderstood = "handover understood\n";

// The side of the one that goes.
class Handover {
 public:
  void put(const Writer& frame);
  // Names `fd` in the frame. Those of one frame are taken in the order in which they were given.
  void give(Writer& frame, const base::UniqueFd& fd) { give(frame, fd.get()); }
  void give(Writer& frame, int fd);

  // All of it, in a file that the next program inherits.
  [[nodiscard]] base::Result<base::UniqueFd> write() const;
  // Whether the descriptors outlive execve(2).
  void pass_on(bool outlive) const;

 private:
  std::string bytes_;
  std::vector<int> fds_;
};

// Who waits for an answer.
void put_waiting(Writer& frame, const std::optional<Request>& request);
// How much is left of a timer; nothing when it does not run.
void put_timer(Writer& frame, Tag tag, const Loop& loop, Loop::Timer timer);

// The side of the one that comes.
class Takeover {
 public:
  using RequestOf = std::function<Request(uint32_t id, uint64_t client)>;

  // EBADMSG when it is not whole.
  static base::Result<Takeover> read(int fd);
  [[nodiscard]] const std::vector<Message>& all() const { return messages_; }
  // The first of its kind; null when there is none.
  [[nodiscard]] const Message* find(Kind kind) const;

 private:
  // Where the messages are, also when this is moved.
  std::unique_ptr<const std::string> bytes_;
  std::vector<Message> messages_;
};

// The descriptors of one frame, each to be taken once.
class Given {
 public:
  explicit Given(const Fields& fields) : numbers_(fields.numbers(Tag::FD)) {}
  // Invalid where none was given, or it is not open.
  base::UniqueFd take();

 private:
  std::vector<uint64_t> numbers_;
  size_t next_ = 0;
};

std::optional<Request> waiting_in(const Fields& fields, const Takeover::RequestOf& request_of);

}  // namespace keeper
