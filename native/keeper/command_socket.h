// liblxc's command socket: how a running monitor is asked for something (commands.c of
// liblxc; the numbers are fixed by its policy). Asked without blocking, as a monitor that is
// stopped answers never. One that is slow has half a minute.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "keeper/loop.h"

namespace keeper {

class CommandSocket {
 public:
  using Answer =
      std::function<void(base::Result<base::UniqueFd> terminal, base::UniqueFd connection)>;

  // Asks for a terminal: 0 is the console, through a proxy pty that lives as long as the
  // connection does. Calls `answer` once.
  static void get_terminal(Loop& loop, const std::string& lxc_path, const std::string& id, int tty,
                           Answer answer);

  // Makes liblxc and its tools believe in a state (enum lxc_state_t) that was reached without
  // them, such as frozen. Nothing comes back of it: those who asked the monitor to be told are.
  static void tell_state(Loop& loop, const std::string& lxc_path, const std::string& id, int state);

  // How many of both are not answered yet: who hung up before could cost the monitor the command.
  static int pending();

  // While that is so, those of them that are late are given up within two seconds.
  static void hurry(bool hurry);
};

}  // namespace keeper
