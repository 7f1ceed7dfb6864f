// Console input. The output of a console is its log, written by liblxc's monitor even while
// no keeper runs; keys and the window size go in through a proxy pty of that monitor.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "keeper/containers.h"
#include "keeper/context.h"
#include "keeper/handover.h"

namespace keeper {

class Consoles {
 public:
  using Connected = std::function<bool(uint64_t client)>;
  Consoles(Context& context, Containers& containers, Connected connected);
  void open(const Message& message, const Request& request);
  void close(const Message& message, const Request& request);
  void container_ended(const std::string& key);
  // As if it had closed all that it has open.
  void client_gone(uint64_t client);
  // Whether no terminal is being asked for or given back: that cannot be handed over half done.
  [[nodiscard]] bool settled() const;
  // While it holds on, no terminal is given back: another process has copies of the descriptors.
  // One that is asked for is not waited for long.
  void hold_on(bool hold);
  void hand_over(Handover& to) const;
  void take_over(const Takeover& from);

 private:
  // The terminal is closed before the connection, here and when we are killed (descriptors go
  // in order of their numbers): see retire().
  struct Console {
    base::UniqueFd connection;  // the monitor takes the proxy back when this closes
    base::UniqueFd terminal;
    std::multiset<uint64_t> users;  // the clients that have it open, as often as they do
    Loop::Timer retiring = 0;
  };
  void answer(const std::string& name, const Request& request);
  void watch(const std::string& name);
  void drain(const std::string& name);
  void retire(const std::string& name);
  void retire_soon(const std::string& name, uint64_t milliseconds);
  void release(const std::string& name);

  Context& context_;
  Containers& containers_;
  Connected connected_;
  std::map<std::string, Console> consoles_;             // by "pool:id/tty"
  std::map<std::string, std::vector<Request>> asking_;  // who waits for one, by the same
  bool holds_on_ = false;
  int closing_ = 0;  // terminals that go a little later
};

}  // namespace keeper
