// The room as JavaScript sees it: types/native/cgroup.d.ts. Converts, and does nothing else.
#include <sys/epoll.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cgroup/freeze.h"
#include "cgroup/hierarchy.h"
#include "cgroup/opened.h"
#include "cgroup/removals.h"
#include "cgroup/stats.h"
#include "cgroup/tree.h"
#include "cgroup/watch.h"
#include "napi/events.h"
#include "napi/exports.h"
#include "napi/task.h"

namespace {

using base::Result;
using bridge::Args;
using Napi::CallbackInfo;
using Napi::Value;

using cgroup::Opened;
using Handle = std::shared_ptr<Opened>;

// open(list: Hierarchy[] | null): Hierarchies
Value Open(const CallbackInfo& info) {
  Args args(info);
  auto list = args[0].nullable([](const bridge::In& in) {
    return in.list([](const bridge::In& item) {
      cgroup::Hierarchy hierarchy;
      hierarchy.version = item["version"].int32();
      hierarchy.controllers = item["controllers"].strings();
      hierarchy.mountpoint = item["mountpoint"].string();
      return hierarchy;
    });
  });
  if (!args.ok()) return {};
  return bridge::value_or_throw(
      info.Env(),
      list ? cgroup::Hierarchies::open(std::move(*list)) : cgroup::Hierarchies::mounted(),
      [](Napi::Env env, cgroup::Hierarchies& opened) {
        return bridge::make_handle(env, std::make_shared<Opened>(std::move(opened)));
      });
}

// close(hierarchies: Hierarchies): void
Value Close(const CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<Opened>(args[0]);
  return {};
}

// list(hierarchies: Hierarchies): Hierarchy[]
Value List(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  if (!args.ok()) return {};
  const Napi::Env env = info.Env();
  Napi::Array array = Napi::Array::New(env);
  for (const auto& hierarchy : handle->in.all()) {
    array.Set(array.Length(),
              bridge::record(env, "version", hierarchy.version, "controllers",
                             hierarchy.controllers, "mountpoint", hierarchy.mountpoint));
  }
  return array;
}

// create(hierarchies: Hierarchies, path: string, enableControllers: boolean): Promise<void>
Value Create(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const bool enable = args[2].boolean();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return cgroup::create(handle->in, path, enable); });
}

// remove(hierarchies: Hierarchies, path: string, timeoutMs: number): Promise<void>
Value Remove(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const int timeout = args[2].int32();
  if (!args.ok()) return {};
  return bridge::run_slow(info, [=] { return cgroup::remove(handle->in, path, timeout); });
}

// join(hierarchies: Hierarchies, path: string, pid: number): Promise<void>
Value Join(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const pid_t pid = args[2].int32();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return cgroup::join(handle->in, path, pid); });
}

// write(hierarchies: Hierarchies, path: string, controller: string, file: string,
//       value: string): Promise<void>
Value Write(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const std::string controller = args[2].string();
  const std::string file = args[3].string();
  const std::string value = args[4].string();
  if (!args.ok()) return {};
  return bridge::run(info,
                     [=] { return cgroup::write(handle->in, path, controller, file, value); });
}

// read(hierarchies: Hierarchies, path: string, controller: string, file: string): Promise<string>
Value Read(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const std::string controller = args[2].string();
  const std::string file = args[3].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return cgroup::read(handle->in, path, controller, file); });
}

// kill(hierarchies: Hierarchies, path: string, timeoutMs: number): Promise<void>
Value Kill(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const int timeout = args[2].int32();
  if (!args.ok()) return {};
  return bridge::run_cgroup(info, [=] { return cgroup::kill(handle->in, path, timeout); });
}

// freeze(hierarchies: Hierarchies, path: string, timeoutMs: number): Promise<void>
Value Freeze(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const int timeout = args[2].int32();
  if (!args.ok()) return {};
  return bridge::run_cgroup(info, [=] { return cgroup::freeze(handle->in, path, timeout); });
}

// thaw(hierarchies: Hierarchies, path: string, below: boolean): Promise<void>
Value Thaw(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const bool below = args[2].boolean();
  if (!args.ok()) return {};
  const auto work = [=] { return cgroup::thaw(handle->in, path, below); };
  // One file does not wait for freezes that are under way, which it may be there to end.
  return below ? bridge::run_cgroup(info, work) : bridge::run(info, work);
}

// frozen(hierarchies: Hierarchies, path: string): Promise<boolean>
Value Frozen(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return cgroup::frozen(handle->in, path); });
}

// procs(hierarchies: Hierarchies, path: string): Promise<number[]>
Value Procs(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  if (!args.ok()) return {};
  return bridge::run_slow(info, [=] { return cgroup::procs(handle->in, path); });
}

// exists(hierarchies: Hierarchies, path: string): Promise<string[]>
Value Exists(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return cgroup::exists(handle->in, path); });
}

// In the order in which they are asked for; a name that is none is none.
std::vector<cgroup::Figure> figures_of(const std::vector<std::string>& names) {
  std::vector<cgroup::Figure> figures;
  for (const auto& name : names) {
    const auto* const end = cgroup::kFigureNames.end();
    const auto* const found = std::find(cgroup::kFigureNames.begin(), end, name);
    if (found != end) {
      figures.push_back(static_cast<cgroup::Figure>(found - cgroup::kFigureNames.begin()));
    }
  }
  return figures;
}

// With empty ones, which base::split() leaves out: as a path, one is refused.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

bridge::Bytes doubles_of(const std::vector<cgroup::Stats>& list,
                         const std::vector<cgroup::Figure>& figures) {
  std::vector<double> numbers;
  numbers.reserve(list.size() * figures.size());
  for (const auto& one : list) {
    for (const cgroup::Figure figure : figures) {
      numbers.push_back(one[figure] ? static_cast<double>(*one[figure])
                                    : std::numeric_limits<double>::quiet_NaN());
    }
  }
  return bridge::doubles(numbers);
}

// stats(hierarchies: Hierarchies, paths: string, figures: StatsFigure[], again: boolean):
// Promise<Buffer>
Value ReadStats(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::vector<std::string> paths = lines_of(args[1].string());
  const std::vector<cgroup::Figure> figures = figures_of(args[2].strings());
  const bool again = args[3].boolean();
  if (!args.ok()) return {};
  return bridge::run(info, [=]() -> Result<bridge::Bytes> {
    cgroup::Figures wanted;
    for (const cgroup::Figure figure : figures) wanted.set(figure);
    auto list = cgroup::stats(handle->in, paths, wanted, again ? &handle->kept : nullptr);
    if (!list.ok()) return std::move(list.error());
    return doubles_of(*list, figures);
  });
}

// oomKills(hierarchies: Hierarchies, path: string): Promise<number>
Value OomKills(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  if (!args.ok()) return {};
  return bridge::run_slow(info, [=] { return cgroup::oom_kills(handle->in, path); });
}

Value to_js(Napi::Env env, const cgroup::Change& change) {
  switch (change.type) {
    case cgroup::Change::Type::kPopulated:
      return bridge::record(env, "type", "populated", "populated", change.value);
    case cgroup::Change::Type::kFrozen:
      return bridge::record(env, "type", "frozen", "frozen", change.value);
    case cgroup::Change::Type::kOom:
      return bridge::record(env, "type", "oom", "kills", change.kills);
    case cgroup::Change::Type::kRemoved:
      break;
  }
  return bridge::record(env, "type", "removed");
}

class Watching final : public bridge::Source {
 public:
  explicit Watching(cgroup::Watch watch) : watch_(std::move(watch)) {}

  std::vector<bridge::Interest> interests() override {
    std::vector<bridge::Interest> list;
    for (const size_t which : {cgroup::Watch::kEvents, cgroup::Watch::kMemory}) {
      list.push_back({watch_.fd(which), watch_.priority(which) ? EPOLLPRI : EPOLLIN});
    }
    return list;
  }

  void ready(size_t index, uint32_t, bridge::Subscription& subscription) override {
    for (const cgroup::Change& change : watch_.look(index)) {
      if (change.type == cgroup::Change::Type::kRemoved) {
        // Gone for good, and the descriptor would report so without end.
        subscription.drop_interest(index);
        if (std::exchange(removed_, true)) continue;
      }
      subscription.emit_value([change](Napi::Env env) { return to_js(env, change); });
    }
  }

 private:
  cgroup::Watch watch_;
  bool removed_ = false;
};

// watch(hierarchies: Hierarchies, path: string, persistent: boolean,
//       callback: (event: CgroupEvent) => void): Subscription
Value Watch(const CallbackInfo& info) {
  Args args(info);
  const Handle handle = args[0].handle<Opened>();
  const std::string path = args[1].string();
  const bool persistent = args[2].boolean();
  const Napi::Function callback = args[3].function();
  if (!args.ok()) return {};
  return bridge::value_or_throw(
      info.Env(), cgroup::Watch::open(handle->in, path), [&](Napi::Env, cgroup::Watch& watch) {
        return bridge::subscribe(info, callback, std::make_unique<Watching>(std::move(watch)),
                                 {.keeps_alive = persistent});
      });
}

// look(subscription: Subscription): void
Value Look(const CallbackInfo& info) {
  Args args(info);
  const auto subscription = args[0].handle<bridge::Subscription>();
  if (!args.ok()) return {};
  // Set anew, an interest is asked for anew: a file of a cgroup that is gone is ready.
  subscription->set_interest(cgroup::Watch::kEvents, EPOLLPRI);
  return {};
}

// unwatch(subscription: Subscription): void
Value Unwatch(const CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<bridge::Subscription>(args[0]);
  return {};
}

class Removing final : public bridge::Source {
 public:
  explicit Removing(cgroup::Removals removals) : removals_(std::move(removals)) {}
  [[nodiscard]] cgroup::Removals& removals() { return removals_; }
  std::vector<bridge::Interest> interests() override { return {{removals_.fd(), EPOLLIN}}; }
  void ready(size_t, uint32_t, bridge::Subscription& subscription) override {
    for (cgroup::Removal& removal : removals_.take()) {
      subscription.emit_value([removal = std::move(removal)](Napi::Env env) {
        return bridge::record(env, "directory", removal.directory, "name", removal.name);
      });
    }
  }

 private:
  cgroup::Removals removals_;
};

cgroup::Removals& removals_of(const std::shared_ptr<bridge::Subscription>& subscription) {
  return static_cast<Removing&>(subscription->source()).removals();
}

// watchRemovals(callback: (removal: CgroupRemoval) => void): Subscription
Value WatchRemovals(const CallbackInfo& info) {
  Args args(info);
  const Napi::Function callback = args[0].function();
  if (!args.ok()) return {};
  return bridge::value_or_throw(
      info.Env(), cgroup::Removals::open(), [&](Napi::Env, cgroup::Removals& removals) {
        return bridge::subscribe(info, callback, std::make_unique<Removing>(std::move(removals)));
      });
}

// addRemoval(subscription: Subscription, hierarchies: Hierarchies, path: string): number
Value AddRemoval(const CallbackInfo& info) {
  Args args(info);
  const auto subscription = args[0].handle<bridge::Subscription>();
  const Handle handle = args[1].handle<Opened>();
  const std::string path = args[2].string();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), removals_of(subscription).add(handle->in, path));
}

// dropRemoval(subscription: Subscription, directory: number): void
Value DropRemoval(const CallbackInfo& info) {
  Args args(info);
  const auto subscription = args[0].handle<bridge::Subscription>();
  const int directory = args[1].int32();
  if (!args.ok()) return {};
  removals_of(subscription).drop(directory);
  return {};
}

}  // namespace

Napi::Object init_cgroup(Napi::Env env) {
  return bridge::functions(env, "cgroup",
                           {{"open", Open},
                            {"close", Close},
                            {"list", List},
                            {"create", Create},
                            {"remove", Remove},
                            {"join", Join},
                            {"write", Write},
                            {"read", Read},
                            {"kill", Kill},
                            {"freeze", Freeze},
                            {"thaw", Thaw},
                            {"frozen", Frozen},
                            {"procs", Procs},
                            {"exists", Exists},
                            {"stats", ReadStats},
                            {"oomKills", OomKills},
                            {"watch", Watch},
                            {"look", Look},
                            {"unwatch", Unwatch},
                            {"watchRemovals", WatchRemovals},
                            {"addRemoval", AddRemoval},
                            {"dropRemoval", DropRemoval}});
}
