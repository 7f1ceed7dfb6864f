// Who reads may be made to wait by what is read, so it reads on a thread of its own, and the caller
// looks at the clock. A thread that waits too long is left to it, and another one goes on.
#include "process/processes.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "napi/thread.h"
#include "process/reader.h"
#include "process/unread.h"

namespace process {
namespace {

using base::SysError;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::milliseconds(1000);
// For each, once that has been used up; and how often the clock is looked at.
constexpr auto kLittle = std::chrono::milliseconds(50);
// Nobody can make who reads these wait.
constexpr auto kForFacts = std::chrono::seconds(30);

constexpr size_t kMaxCommand = 4096;
// All command lines of a call; those that come later are cut.
constexpr size_t kMuch = size_t{8} * 1024 * 1024;
constexpr size_t kCutCommand = 256;

// Shared by the caller and its readers, of which one at a time has the turn.
class Reading {
 public:
  explicit Reading(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {
    done_.reserve(plan_->pids().size());
  }

  // On a thread of its own.
  void run(int turn) {
    Files files(*plan_);
    for (;;) {
      const pid_t pid = begin(turn);
      if (pid == 0) return;
      auto process = files.facts(pid);
      const size_t limit = process && plan_->commands() ? hold(turn, *process) : 0;
      if (limit > 0) process->command = files.command(limit);
      if (!end(turn, std::move(process), limit > 0)) return;
    }
  }

  bool over() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return over_;
  }

  // The caller waits: until all is read, or a process takes too long. The turn is over then.
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      if (changed_.wait_for(lock, kLittle, [&] { return over_; })) return;
      // A reader that merely gets no processor has begun with none, or comes to it.
      if (!busy_) continue;
      const auto patience =
          held_ ? std::max<Clock::duration>(kPatience - waited_, kLittle) : kForFacts;
      if (Clock::now() - begun_ < patience) continue;
      waited_ += patience;
      ++turn_;
      if (!held_) return;
      current_.slow = true;
      leave_unread(unread(current_));
      done_.push_back(std::move(current_));
      return;
    }
  }

  int next_turn() {
    const std::lock_guard<std::mutex> lock(mutex_);
    busy_ = false;
    return turn_;
  }

  std::vector<Process> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::move(done_);
  }

 private:
  [[nodiscard]] Unread unread(const Process& process) const {
    return {plan_->name_of(process.cgroup), process.pid, process.start_ticks};
  }

  // 0: there is nothing more to do, or it is another's turn.
  pid_t begin(int turn) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (turn != turn_) return 0;
    if (next_ == plan_->pids().size()) {
      over_ = true;
      changed_.notify_one();
      return 0;
    }
    begun_ = Clock::now();
    busy_ = true;
    held_ = false;
    current_ = Process{};
    current_.pid = plan_->pids()[next_++];
    return current_.pid;
  }

  // What is known of it so far is kept, should it take too long. Returns how much of its command
  // line is to be read; 0: nobody waits for that.
  size_t hold(int turn, Process& process) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (turn != turn_) return 0;
    if (is_unread(unread(process))) {
      process.slow = true;
      return 0;
    }
    current_ = process;
    begun_ = Clock::now();
    held_ = true;
    return text_ < kMuch ? kMaxCommand : kCutCommand;
  }

  // False: it was left alone meanwhile.
  bool end(int turn, std::optional<Process> process, bool held) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (turn != turn_) {
      if (held) read_at_last(unread(*process));
      return false;
    }
    busy_ = false;
    if (process) {
      text_ += process->command.size();
      done_.push_back(std::move(*process));
    }
    return true;
  }

  const std::shared_ptr<const Plan> plan_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Process> done_;
  Process current_;
  bool busy_ = false;  // with the current one
  bool held_ = false;  // and with its command line
  bool over_ = false;
  int turn_ = 0;
  size_t next_ = 0;
  size_t text_ = 0;
  Clock::time_point begun_ = Clock::now();
  Clock::duration waited_{};
};

}  // namespace

base::Result<std::vector<Process>> read(Asked asked) {
  auto plan = Plan::make(std::move(asked));
  if (!plan.ok()) return std::move(plan.error());
  const auto reading = std::make_shared<Reading>(*plan);
  while (!reading->over()) {
    const int turn = reading->next_turn();
    const int failed =
        bridge::start_thread("vpsadminos-proc", [reading, turn] { reading->run(turn); });
    if (failed != 0) return SysError{failed, "pthread_create", {}};
    reading->wait();
  }
  return reading->take();
}

}  // namespace process
