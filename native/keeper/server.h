// The keeper's clients: who is connected, what each still has to be sent.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "keeper/context.h"
#include "keeper/handover.h"

namespace keeper {

class Server {
 public:
  // `handle` gets each request; `gone` is told of each client that has left.
  using Handle = std::function<void(const Message& message, const Request& request,
                                    std::vector<base::UniqueFd> fds)>;
  using Gone = std::function<void(uint64_t client)>;
  Server(Loop& loop, Log& log, base::UniqueFd listener, Handle handle, Gone gone);

  // Has the socket at `path` be there as long as we run. Whoever deletes it, cleaning up, would
  // leave a keeper to which nobody comes, and beside which there can be no other one. `beside`
  // makes what else they may have deleted.
  void keep(const std::string& path, std::function<base::Status()> beside);
  void broadcast(std::string_view event);  // to those who subscribed
  void subscribe(uint64_t client);
  void send(uint64_t client, std::string_view frame, const std::vector<int>& fds = {});
  // While it does not listen, clients wait: with what they ask, and with being clients.
  void listen(bool listen);
  [[nodiscard]] Request request_of(uint32_t id, uint64_t client);
  void hand_over(Handover& to, Writer& keeper) const;
  void take_over(const Takeover& from);
  [[nodiscard]] size_t clients() const { return clients_.size(); }
  [[nodiscard]] bool connected(uint64_t client) const { return clients_.contains(client); }

 private:
  struct Frame {
    std::string bytes;
    std::vector<base::UniqueFd> fds;
  };
  struct Client {
    base::UniqueFd socket;
    bool subscribed = false;
    std::deque<Frame> outbox;  // what the socket would not take
  };
  static constexpr size_t kMaxOutbox = 16384;
  static constexpr size_t kMaxClients = 64;

  void watch(uint64_t id);
  void watch_listener();
  void watch_deleted(const std::string& path);
  void make_again(const std::string& path);
  bool accept();  // false when nobody waits
  void wait_for_descriptors();
  void readable(uint64_t id);
  void flush(uint64_t id);
  void drop(uint64_t id, const char* why);

  Loop& loop_;
  Log& log_;
  base::UniqueFd listener_;
  base::UniqueFd deleted_;  // inotify(7)
  std::function<base::Status()> beside_;
  bool unmade_ = false;  // the socket could not be made again, which has been told
  Handle handle_;
  Gone gone_;
  std::map<uint64_t, Client> clients_;
  uint64_t next_ = 1;
  bool listens_ = true;
};

}  // namespace keeper
