#include "keeper/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "base/retry.h"
#include "keeper/channel.h"
#include "keeper/loop.h"
#include "keeper/process.h"
#include "keeper/spare.h"

namespace keeper {
namespace {

constexpr size_t kBlock = 64 * 1024;  // as much as a pipe holds
constexpr size_t kMaxStreams = 3;
constexpr char kWindow = 'w';
constexpr uint64_t kUnreadMs = 5000;

// Who has the other end of an output sees the end, and no broken connection.
void finish(base::UniqueFd& to) {
  std::array<char, kUnfinished.size()> taken{};
  if (to.valid()) (void)::recv(to.get(), taken.data(), taken.size(), MSG_DONTWAIT);
  to.reset();
}

// One way. What cannot be written yet waits in the block, and the source waits for that.
class Stream {
 public:
  void begin(base::UniqueFd from, base::UniqueFd to, bool input) {
    for (const int fd : {from.get(), to.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    from_ = std::move(from);
    to_ = std::move(to);
    input_ = input;
    begin_ = end_ = 0;
  }
  [[nodiscard]] bool open() const { return to_.valid(); }
  [[nodiscard]] bool input() const { return input_; }
  // Since this was asked before.
  [[nodiscard]] bool moved() { return std::exchange(moved_, false); }
  void close() {
    from_.reset();
    finish(to_);
  }

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
    moved_ = true;
  }

  base::UniqueFd from_;
  base::UniqueFd to_;
  bool input_ = false;
  bool moved_ = false;
  std::array<char, kBlock> block_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

std::array<Stream, kMaxStreams> streams;

// It comes when the program has opened it, and goes with its streams.
struct Terminal {
  base::UniqueFd channel;
  base::UniqueFd input;
  base::UniqueFd output;
  base::UniqueFd master;

  void come();
} terminal;

base::UniqueFd copy_of(const base::UniqueFd& fd) {
  return base::UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

void Terminal::come() {
  auto received = receive(channel.get());
  if (!received.ok() && received.error().errnum == EAGAIN) return;
  channel.reset();
  if (!received.ok() || received->fds.size() != 1) {  // the program has failed before
    finish(output);
    input.reset();
    return;
  }
  master = std::move(received->fds[0]);
  streams[0].begin(std::move(input), copy_of(master), true);
  streams[1].begin(copy_of(master), std::move(output), false);
}

// When input is dropped that the program does not read, after the end of its session.
std::optional<uint64_t> input_until;

void drop_input() {
  for (Stream& stream : streams) {
    if (stream.input()) stream.close();
  }
}

bool any_open() {
  if (terminal.channel.valid()) return true;
  for (const Stream& stream : streams) {
    if (stream.open()) return true;
  }
  return false;
}

// Whether it is about the streams that we have.
bool hear(std::string_view message) {
  if (message == kNoInput) {
    input_until = Loop::now_ms() + kUnreadMs;
    return true;
  }
  winsize size{};
  if (message.size() != 1 + sizeof size || message[0] != kWindow) return false;
  std::memcpy(&size, message.data() + 1, sizeof size);
  if (terminal.master.valid()) ::ioctl(terminal.master.get(), TIOCSWINSZ, &size);
  return true;
}

// All that it has said. Whether there may be more later: a keeper that has gone does not end what
// its clients have.
bool hear_keeper(const base::UniqueFd& keeper) {
  for (;;) {
    const auto received = receive(keeper.get());
    if (!received.ok()) return received.error().errnum == EAGAIN;
    if (!hear(received->bytes)) return false;
  }
}

void relay(const base::UniqueFd& keeper) {
  bool hears = true;
  while (any_open()) {
    std::array<pollfd, 2 * kMaxStreams + 2> polled{};
    for (size_t i = 0; i < kMaxStreams; i++)
      streams.at(i).watch(polled.at(2 * i), polled.at(2 * i + 1));
    pollfd& told = polled.at(2 * kMaxStreams) = {hears ? keeper.get() : -1, POLLIN, 0};
    pollfd& comes = polled.at(2 * kMaxStreams + 1) = {terminal.channel.get(), POLLIN, 0};
    const int wait = input_until ? static_cast<int>(kUnreadMs / 4) : -1;
    if (base::retry([&] { return ::poll(polled.data(), polled.size(), wait); }) < 0) _exit(1);
    // In the order in which it was sent: nobody can tell a size before the program has its
    // terminal, and what is typed after a new size shall find it.
    if (comes.revents != 0) terminal.come();
    if (told.revents != 0) hears = hear_keeper(keeper);
    for (size_t i = 0; i < kMaxStreams; i++)
      streams.at(i).move(polled.at(2 * i), polled.at(2 * i + 1));
    if (!input_until) continue;
    for (Stream& stream : streams) {
      if (stream.moved() && stream.input()) input_until = Loop::now_ms() + kUnreadMs;
    }
    if (Loop::now_ms() >= *input_until) drop_input();
  }
  terminal = {};
  input_until.reset();
}

void take(std::string_view job, std::vector<base::UniqueFd> fds) {
  if (job == std::string_view(&kTerminal, 1) && fds.size() == 3) {
    terminal = {std::move(fds[0]), std::move(fds[1]), std::move(fds[2]), {}};
    return;
  }
  if (job.size() > kMaxStreams || fds.size() != 2 * job.size()) _exit(1);
  for (size_t i = 0; i < job.size(); i++) {
    base::UniqueFd& pipe = fds[2 * i];
    base::UniqueFd& socket = fds[2 * i + 1];
    const bool in = job[i] == kInput;
    streams.at(i).begin(std::move(in ? socket : pipe), std::move(in ? pipe : socket), in);
  }
}

}  // namespace

std::string window_message(const winsize& size) {
  return std::string(1, kWindow).append(reinterpret_cast<const char*>(&size), sizeof size);
}

void run_relay(const cgroup::Hierarchies& /*hierarchies*/, std::string_view job,
               std::vector<base::UniqueFd> fds, base::UniqueFd keeper) {
  ::signal(SIGPIPE, SIG_IGN);
  if (job == kNothing) (void)next_message(keeper);  // the end of it ends us
  set_title("relay");
  take(job, std::move(fds));
  for (;;) {
    relay(keeper);
    if (!send(keeper.get(), kRelayed).ok()) _exit(0);
    auto next = next_message(keeper);
    while (hear(next.bytes)) next = next_message(keeper);  // of the one that has ended
    take(next.bytes, std::move(next.fds));
  }
}

}  // namespace keeper
