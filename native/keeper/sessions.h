// Programs that were started inside containers: their streams, held so that they outlive
// whoever asked for them, and how they ended.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keeper/containers.h"
#include "keeper/context.h"
#include "keeper/handover.h"
#include "keeper/orphans.h"
#include "keeper/relays.h"

namespace keeper {

struct Session {
  uint64_t id = 0;
  std::string pool;
  std::string container;
  std::vector<std::string> args;
  std::string cgroup;  // its leaf, removed at the end when nothing is left in it
  bool tty = false;
  bool held = false;  // it has ended, but a tracer in its container may wait for it first
  pid_t init = -1;    // of the run that it is in
  pid_t pid = -1;
  base::UniqueFd pid_fd;
  int unseen = 0;           // why there is none: it must not go on, as nobody would see its end
  base::UniqueFd entry_fd;  // pidfd of the process on the way in
  pid_t entry = -1;
  std::optional<int> entry_status;  // a wait(2) status, once that one ended
  pid_t silent = -1;                // the program, where it was killed before it told its pid
  base::UniqueFd report;
  base::UniqueFd input;  // our ends, of sockets; a terminal has no errors
  base::UniqueFd output;
  base::UniqueFd errors;
  std::optional<Relay> relay;  // that has the other ends; none any more when it has passed on all
  bool relayed = false;        // so it has
  std::optional<int> status;   // a wait(2) status, once it ended
  std::optional<Request> waiting;
  uint64_t linger_ms = 0;  // how long the answer may wait for the program's end
  Writer failure;          // fields, when it could not be started
  Loop::Timer deadline = 0;
};

class Sessions {
 public:
  // Whether it is a child of the keeper's that somebody else waits for, with a guest's user.
  using Known = std::function<bool(pid_t)>;
  Sessions(Context& context, Containers& containers, const Known& known);

  void exec(const Message& message, const Request& request);
  void abort(const Request& request, uint32_t exec_request);
  void kill(const Message& message, const Request& request);
  void open(const Message& message, const Request& request);
  void close(const Message& message, const Request& request);
  void close_stdin(const Message& message, const Request& request);
  void resize(const Message& message, const Request& request);
  void list(const Request& request);
  [[nodiscard]] size_t running() const;
  // Cgroups of sessions that a keeper before this one left, as soon as they are empty.
  void remove_left();
  void hand_over(Handover& to, Writer& keeper);
  void take_over(const Takeover& from, const Takeover::RequestOf& request_of);

 private:
  static constexpr size_t kMaxSessions = 4096;
  // Those that ended and were not fetched: the oldest go first.
  static constexpr size_t kMaxEnded = 512;

  [[nodiscard]] bool has(pid_t pid) const;
  [[nodiscard]] bool has(std::string_view cgroup) const;
  void watch_entry(uint64_t id);
  void watch_report(uint64_t id, uint64_t milliseconds);
  void watch_end(uint64_t id);
  void watch_relay(uint64_t id);
  void linger(uint64_t id, uint64_t milliseconds);
  void read_reports();
  void reap_held();
  // Nothing when it has no init any more, as far as we have heard.
  [[nodiscard]] const Container* running_container(const Session& session) const;
  [[nodiscard]] bool init_ended(const Session& session) const;
  void wake_init(const Session& session) const;
  Session* find(const Message& message, const Request& request);
  void give_up(uint64_t id, int errnum, const char* code);
  void reported(uint64_t id);
  static std::string end_of_silent(const Session& session);
  void failed(uint64_t id);
  void begun(uint64_t id);
  void ended(uint64_t id);
  void over(uint64_t id);
  void leave(const Session& session);
  void remove(uint64_t id);
  void forget_oldest();
  bool answer_finished(const Session& session, const Request& request);
  static void answer_streams(const Session& session, const Request& request);

  Context& context_;
  Containers& containers_;
  Orphans orphans_;
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  uint64_t next_ = 1;
};

}  // namespace keeper
