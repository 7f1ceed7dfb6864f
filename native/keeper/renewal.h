// Has the keeper go on as another program: a newer one. It stays the same process, with its number,
// its children, its descriptors and its clients, who wait for some milliseconds.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "keeper/context.h"
#include "keeper/handover.h"

namespace keeper {

class Renewal {
 public:
  struct Hooks {
    // Whether clients are heard.
    std::function<void(bool listen)> listen;
    // Whether nothing is half done that could not be handed over.
    std::function<bool()> settled;
    std::function<void(Handover& to)> hand_over;
  };

  Renewal(Context& context, Hooks hooks);

  // `fds` is the program. It is answered by that program, or fails, and then nothing has changed:
  // ERR_KEEPER_RENEWAL.
  void begin(const Request& request, std::vector<base::UniqueFd> fds);

 private:
  void when_settled(std::function<void()> then);
  // In a child, which looks at a copy of everything.
  void check();
  void checked(int status);
  void replace();
  void execute(int left, const char* option) const;
  void fail(const base::SysError& error, const std::string& detail = "");

  Context& context_;
  Hooks hooks_;
  base::UniqueFd program_;
  std::optional<Request> request_;
  uint64_t give_up_ms_ = 0;
  pid_t checker_ = -1;
  base::UniqueFd checker_fd_;
  base::UniqueFd said_;
  Loop::Timer deadline_ = 0;
};

}  // namespace keeper
