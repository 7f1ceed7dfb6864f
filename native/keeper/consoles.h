// Console input. The output of a console is its log, written by liblxc's monitor even while
// no keeper runs; keys and the window size go in through a proxy pty of that monitor.
#pragma once

#include <map>
#include <string>

#include "keeper/containers.h"
#include "keeper/context.h"

namespace keeper {

class Consoles {
 public:
  Consoles(Context& context, Containers& containers);
  void open(const Message& message, const Request& request);
  void close(const Message& message, const Request& request);
  void container_ended(const std::string& key);

 private:
  // The terminal is closed before the connection, here and when we are killed (descriptors go
  // in order of their numbers): see retire().
  struct Console {
    base::UniqueFd connection;  // the monitor takes the proxy back when this closes
    base::UniqueFd terminal;
    size_t users = 0;
    Loop::Timer retiring = 0;
  };
  void answer(const std::string& name, const Request& request);
  void drain(const std::string& name);
  void retire(const std::string& name);
  void release(const std::string& name);

  Context& context_;
  Containers& containers_;
  std::map<std::string, Console> consoles_;  // by "pool:id/tty"
};

}  // namespace keeper
