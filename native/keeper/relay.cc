#include "keeper/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/retry.h"
#include "keeper/channel.h"
#include "keeper/process.h"
#include "keeper/spare.h"

namespace keeper {
namespace {

constexpr size_t kBlock = 64 * 1024;  // as much as a pipe holds
constexpr size_t kMaxStreams = 3;

// One way. What cannot be written yet waits in the block, and the source waits for that.
class Stream {
 public:
  void begin(base::UniqueFd from, base::UniqueFd to) {
    for (const int fd : {from.get(), to.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    from_ = std::move(from);
    to_ = std::move(to);
    begin_ = end_ = 0;
  }
  [[nodiscard]] bool open() const { return to_.valid(); }

  // Of both; that of the source is ignored while something waits.
  void watch(pollfd& from, pollfd& to) const {
    const bool empty = begin_ == end_;
    from = {.fd = empty && from_.valid() ? from_.get() : -1, .events = POLLIN, .revents = 0};
    to = {.fd = to_.get(), .events = static_cast<short>(empty ? 0 : POLLOUT), .revents = 0};
  }

  void move(const pollfd& from, const pollfd& to) {
    if (to_.valid() && (to.revents & (POLLERR | POLLHUP)) != 0) return close();  // nobody takes it
    if (from_.valid() && from.fd >= 0 && from.revents != 0) fill();
    if (to_.valid() && begin_ != end_) drain();
  }

 private:
  void close() {
    from_.reset();
    // As if it were read: who has the other end sees the end, and no broken connection.
    std::array<char, kUnfinished.size()> taken{};
    if (to_.valid()) (void)::recv(to_.get(), taken.data(), taken.size(), MSG_DONTWAIT);
    to_.reset();
  }

  void fill() {
    const ssize_t got = base::retry([&] { return ::read(from_.get(), block_.data(), kBlock); });
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close();
    begin_ = 0;
    end_ = static_cast<size_t>(got);
  }

  void drain() {
    const ssize_t put =
        base::retry([&] { return ::write(to_.get(), block_.data() + begin_, end_ - begin_); });
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) return close();
    begin_ += static_cast<size_t>(put);
  }

  base::UniqueFd from_;
  base::UniqueFd to_;
  std::array<char, kBlock> block_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

std::array<Stream, kMaxStreams> streams;

bool any_open() {
  for (const Stream& stream : streams) {
    if (stream.open()) return true;
  }
  return false;
}

void relay() {
  while (any_open()) {
    std::array<pollfd, 2 * kMaxStreams> polled{};
    for (size_t i = 0; i < kMaxStreams; i++)
      streams.at(i).watch(polled.at(2 * i), polled.at(2 * i + 1));
    if (base::retry([&] { return ::poll(polled.data(), polled.size(), -1); }) < 0) _exit(1);
    for (size_t i = 0; i < kMaxStreams; i++)
      streams.at(i).move(polled.at(2 * i), polled.at(2 * i + 1));
  }
}

void take(std::string_view job, std::vector<base::UniqueFd> fds) {
  if (job.size() > kMaxStreams || fds.size() != 2 * job.size()) _exit(1);
  for (size_t i = 0; i < job.size(); i++) {
    base::UniqueFd& pipe = fds[2 * i];
    base::UniqueFd& socket = fds[2 * i + 1];
    const bool in = job[i] == 'i';
    streams.at(i).begin(std::move(in ? socket : pipe), std::move(in ? pipe : socket));
  }
}

}  // namespace

void run_relay(const cgroup::Hierarchies& /*hierarchies*/, std::string_view job,
               std::vector<base::UniqueFd> fds, base::UniqueFd keeper) {
  ::signal(SIGPIPE, SIG_IGN);
  set_title("relay");
  take(job, std::move(fds));
  for (;;) {
    relay();
    // A keeper that has gone does not end what its clients have.
    if (!send(keeper.get(), kRelayed).ok()) _exit(0);
    auto next = next_message(keeper);
    take(next.bytes, std::move(next.fds));
  }
}

}  // namespace keeper
