// The containers that run, or are being started, and everything that is undone when they end.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keeper/context.h"
#include "keeper/handover.h"
#include "keeper/monitor_fifo.h"
#include "keeper/plan.h"
#include "keeper/userns_cache.h"

namespace keeper {

enum class State { kStarting, kRunning, kFrozen, kStopping };
const char* name_of(State state);

// enum lxc_state_t of liblxc's state.h.
enum LxcState {
  kLxcStopped,
  kLxcStarting,
  kLxcRunning,
  kLxcStopping,
  kLxcAborting,
  kLxcFreezing,
  kLxcFrozen,
  kLxcThawed
};

// CLOCK_MONOTONIC.
uint64_t now_us();

struct Container {
  StartPlan plan;
  std::string frame;   // the START frame, as it is kept in the plan file
  std::string filter;  // file of the compiled seccomp filter that init runs under, "" for none
  State state = State::kStarting;
  pid_t monitor = -1;
  uint64_t monitor_start_time = 0;
  pid_t init = -1;
  base::UniqueFd monitor_fd;  // pidfds
  base::UniqueFd init_fd;
  base::UniqueFd report;  // what the child could not do before liblxc took over
  base::UniqueFd notify;  // the guest's init says READY=1 here, once in a run
  // Its path, "" for an init that says nothing. That of this run: the plan may be for another init.
  std::string notify_path;
  bool ours = false;  // forked by this keeper: then its exit status can be waited for
  bool ready = false;
  bool over = false;  // we have ended it, as the last program that it was started for has ended
  std::optional<int> exit_status;  // of init, a wait(2) status
  std::optional<Request> waiting;  // the START that is not answered yet
  const char* given_up = nullptr;  // why we ended that start, as the code of its answer
  Loop::Timer deadline = 0;
  Loop::Timer undo = 0;    // when a start that was given up is answered at the latest
  Loop::Timer look = 0;    // at the monitor's child, while it starts
  Loop::Timer follow = 0;  // when its monitor has to have said how its init ended
  Loop::Timer hear = 0;    // when what its init says is listened to again
  off_t log_offset = 0;    // where this run's part of liblxc's log begins
  bool announced = false;  // whether the event of this start went out
  uint64_t requested_us = 0;
  uint64_t begun_us = 0;
};

class Containers {
 public:
  using Ended = std::function<void(const std::string& key)>;
  Containers(Context& context, UsernsCache& userns, Ended ended);

  // Takes over what a keeper before this one left: running containers are adopted,
  // half-made starts are undone.
  void adopt_all();
  // Has the directories be there that what follows is written down in, with what runs in them:
  // somebody may have cleaned up.
  base::Status keep_directories();
  void start(const Message& message, const Request& request);
  // What a reboot of the guest begins with, from now on.
  void plan_next(const Message& message, const Request& request);
  // False when there is no such start.
  bool abort(const Request& request, uint32_t start_request);
  void lookup(const Message& message, const Request& request);
  void list(const Request& request);
  void tell_state(const Message& message, const Request& request);
  // Ends one that was started for programs, which have all ended. One that was adopted may have
  // others, which its init looks for.
  void end_programs(const std::string& key);
  [[nodiscard]] Container* find(const std::string& key);
  [[nodiscard]] size_t count() const { return containers_.size(); }
  // Takes back what could not be taken back at the end of a run, for want of descriptors for one.
  void take_back();
  // Whether it, or a part of one, is a rootfs here, or all that is left of a run.
  [[nodiscard]] bool has_rootfs(std::string_view path) const;
  // The cgroups that belong to guests.
  [[nodiscard]] std::vector<std::string> payloads() const;
  void remove_fifos();
  void hand_over(Handover& to) const;
  // EBADMSG for a plan that says nothing here.
  base::Status take_over(const Takeover& from, const Takeover::RequestOf& request_of);

 private:
  // Where the filter that `plan`'s profile compiles to is kept; "" when there is no profile.
  [[nodiscard]] std::string seccomp_file(const StartPlan& plan) const;
  base::Status launch(Container& container);
  // What its last run still has in its hands as well.
  void take_back(const Container& container);
  base::Status open_fifo(const std::string& lxc_path);
  // Somebody else may have it locked, as lxc-monitord does.
  void open_fifo_later(const std::string& lxc_path);
  void watch_fifo(const std::string& lxc_path);
  base::Status open_notify(Container& container);
  void watch_notify(const Container& container);
  void hear_later(Container& container);
  void leave_notify(Container& container);
  // With its path.
  void close_notify(Container& container);
  // Also what of it is in force at once.
  base::Status change_plan(Container& container, StartPlan plan, std::string frame);
  base::Status write_plan(Container& container, StartPlan plan, std::string frame);
  // Keeps the plan and the monitor's process; later, in the same place, init's.
  [[nodiscard]] base::Status save(const Container& container) const;
  [[nodiscard]] base::Status save_anew(const Container& container) const;
  void watch(const std::string& key);
  void tell_running(const Container& container);
  void watch_init(const std::string& key);
  void expect_init(const std::string& key);
  // One that could not be seen before.
  void found_init(Container& container);
  void expect_end(const std::string& key);
  enum class Init { kRuns, kEnded };
  // Nothing when that cannot be seen.
  std::optional<Init> look_at_init(Container& container);
  void drain_fifo(const Container& container);
  void announce_soon(const std::string& key);
  void expect_running(const std::string& key, uint64_t milliseconds);
  void expect_undone(const std::string& key, uint64_t milliseconds);
  void look_later(const std::string& key, pid_t ended);
  void record(const std::string& lxc_path, MonitorFifo::Type type, const std::string& name,
              int value);
  void running(Container& container);
  void frozen(Container& container, bool frozen);
  void give_up(Container& container, const char* code);
  void answer_start(Container& container);
  void announce(Container& container);
  void notified(const std::string& key);
  void monitor_gone(const std::string& key);
  void finish(const std::string& key, int monitor_status);
  void fail_start(Container& container, int monitor_status);
  [[nodiscard]] std::string plan_file(const std::string& key) const;
  // Made by a monitor whose guest reboots, gone when it runs again: what comes between is a start
  // that who takes over has to begin anew.
  [[nodiscard]] std::string reboot_mark(const std::string& key) const;
  void tell_exit(const Container& container, std::string_view reason);

  Context& context_;
  UsernsCache& userns_;
  Ended ended_;
  std::map<std::string, std::unique_ptr<Container>> containers_;
  // Runs that have ended, and whose user namespaces still have something in their hands.
  struct Delegated {
    StartPlan plan;
    std::string frame;
  };
  std::map<std::string, Delegated> delegated_;
  std::map<std::string, MonitorFifo> fifos_;
  std::set<std::string> awaited_fifos_;
};

}  // namespace keeper
