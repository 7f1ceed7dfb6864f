// The room as JavaScript sees it: types/native/process.d.ts. Converts, and does nothing else.
#include <unistd.h>

#include <ctime>
#include <memory>
#include <utility>

#include "cgroup/opened.h"
#include "napi/exports.h"
#include "napi/task.h"
#include "process/processes.h"

namespace {

using bridge::Args;
using Napi::CallbackInfo;
using Napi::Value;
using Processes = std::vector<process::Process>;

double milliseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1000 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Objects with so many fields, made from here, would take longer than all else: see ProcessTable.
Value to_table(Napi::Env env, Processes& all) {
  static const auto tick = 1000.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double boot = milliseconds_of(CLOCK_REALTIME) - milliseconds_of(CLOCK_BOOTTIME);
  std::vector<double> numbers;
  std::vector<std::string> texts;
  texts.reserve(all.size() * 2);
  for (process::Process& one : all) {
    const auto start = static_cast<double>(one.start_ticks);
    // In the order of PROCESS_NUMBERS.
    for (const double number :
         {double(one.pid), double(one.parent), double(one.inner_pid), double(one.state), start,
          boot + start * tick, static_cast<double>(one.cpu_ticks) * tick, double(one.vmsize),
          double(one.rss), double(one.ruid), double(one.euid), double(one.rgid), double(one.egid),
          double(one.cgroup), double(one.slow)}) {
      numbers.push_back(number);
    }
    texts.push_back(std::move(one.name));
    texts.push_back(std::move(one.command));
  }
  return bridge::record(env, "numbers", bridge::doubles(numbers), "texts", texts);
}

Value Read(const CallbackInfo& info, process::Asked asked) {
  return bridge::run_slow(
      info, [asked = std::move(asked)] { return process::read(asked); }, to_table);
}

process::Asked asked_in(Args& args) {
  process::Asked asked;
  const auto opened = args[0].handle<cgroup::Opened>();
  if (opened != nullptr) asked.in = std::shared_ptr<const cgroup::Hierarchies>(opened, &opened->in);
  asked.cgroups = args[1].strings();
  asked.commands = args[2].boolean();
  return asked;
}

// inCgroups(hierarchies: Hierarchies, cgroups: string[], commands: boolean): Promise<ProcessTable>
Value InCgroups(const CallbackInfo& info) {
  Args args(info);
  process::Asked asked = asked_in(args);
  if (!args.ok()) return {};
  asked.among = process::Among::kCgroups;
  return Read(info, std::move(asked));
}

// ofHost(hierarchies: Hierarchies, cgroups: string[], commands: boolean, strangers: boolean):
//   Promise<ProcessTable>
Value OfHost(const CallbackInfo& info) {
  Args args(info);
  process::Asked asked = asked_in(args);
  asked.strangers = args[3].boolean();
  if (!args.ok()) return {};
  asked.among = process::Among::kHost;
  return Read(info, std::move(asked));
}

// ofPids(hierarchies: Hierarchies, cgroups: string[], commands: boolean, pids: number[]):
//   Promise<ProcessTable>
Value OfPids(const CallbackInfo& info) {
  Args args(info);
  process::Asked asked = asked_in(args);
  asked.pids = args[3].list([](const bridge::In& item) { return pid_t{item.int32()}; });
  if (!args.ok()) return {};
  asked.among = process::Among::kPids;
  return Read(info, std::move(asked));
}

}  // namespace

Napi::Object init_process(Napi::Env env) {
  return bridge::functions(env, "process",
                           {{"inCgroups", InCgroups}, {"ofHost", OfHost}, {"ofPids", OfPids}});
}
