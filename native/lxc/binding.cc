// The lxc room. What takes a container runs on the slow pool, in the container's own
// queue: a monitor that does not answer holds up that container and no other.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lxc/container.h"
#include "lxc/log.h"
#include "napi/exports.h"
#include "napi/handle.h"
#include "napi/task.h"

namespace lxc {

static Napi::Value to_error(Napi::Env env, const Failure& failure) {
  using bridge::to_js;
  if (const auto& missing = failure.missing; missing.has_value()) {
    return bridge::library_missing(env, missing->soname, missing->reason);
  }
  return bridge::Environment::of(env).new_error(
      env, "LxcError",
      {to_js(env, failure.verb), to_js(env, failure.container), to_js(env, failure.object),
       to_js(env, failure.log)});
}

// What JavaScript holds: the container and the line that its calls stand in.
struct OpenContainer {
  static constexpr const char* kTypeName = "lxc container";
  explicit OpenContainer(std::shared_ptr<Container> opened) : container(std::move(opened)) {}
  std::shared_ptr<Container> container;
  std::shared_ptr<bridge::Pool::Queue> queue = std::make_shared<bridge::Pool::Queue>();
};

}  // namespace lxc

using bridge::Args;
using bridge::In;
using lxc::OpenContainer;

// Runs `method(container)` for the handle in args[0]; the other arguments have been read before.
template <typename Method, typename Convert = bridge::ConvertByType>
static Napi::Value with_container(const Napi::CallbackInfo& info, Args& args, Method method,
                                  Convert convert = {}) {
  const auto open = args[0].handle<OpenContainer>();
  if (!args.ok()) return {};
  return bridge::run_queued(
      info, open->queue,
      [container = open->container, method = std::move(method)] { return method(*container); },
      std::move(convert));
}

static std::optional<std::string> string_or_null(const In& in) {
  return in.nullable([](const In& given) { return given.string(); });
}

// version(): string. Inline; opens the library.
static Napi::Value Version(const Napi::CallbackInfo& info) {
  return bridge::value_or_throw(info.Env(), lxc::library(), [](Napi::Env env, auto& library) {
    return bridge::to_js(env, library->info.version);
  });
}

// hasApiExtension(name: string): boolean. Inline.
static Napi::Value HasApiExtension(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), lxc::library(), [&](Napi::Env env, auto& library) {
    return bridge::to_js(env, library->lxc_has_api_extension(name.c_str()));
  });
}

// isConfigKey(key: string): boolean. Inline.
static Napi::Value IsConfigKey(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string key = args[0].string();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), lxc::library(), [&](Napi::Env env, auto& library) {
    return bridge::to_js(env, library->lxc_config_item_is_supported(key.c_str()));
  });
}

// setLog(file: string | null, level: string): void. Inline: opens one file.
static Napi::Value SetLog(const Napi::CallbackInfo& info) {
  Args args(info);
  const auto file = string_or_null(args[0]);
  const std::string level = args[1].string();
  if (!args.ok()) return {};
  auto library = lxc::library();
  if (!library.ok()) return bridge::value_or_throw(info.Env(), std::move(library));
  return bridge::value_or_throw(info.Env(),
                                lxc::set_log(*library.value(), file.value_or(""), level));
}

// listDefined(lxcPath: string): Promise<string[]>
static Napi::Value ListDefined(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string lxcpath = args[0].string();
  if (!args.ok()) return {};
  return bridge::run_slow(info, [lxcpath] { return lxc::list_defined(lxcpath); });
}

// listActive(lxcPath: string): Promise<string[]>
static Napi::Value ListActive(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string lxcpath = args[0].string();
  if (!args.ok()) return {};
  return bridge::run_slow(info, [lxcpath] { return lxc::list_active(lxcpath); });
}

// open(name: string, lxcPath: string): Promise<ContainerHandle>
static Napi::Value Open(const Napi::CallbackInfo& info) {
  Args args(info);
  const std::string name = args[0].string();
  const std::string lxcpath = args[1].string();
  if (!args.ok()) return {};
  return bridge::run_slow(
      info, [name, lxcpath] { return lxc::Container::open(name, lxcpath); },
      [](Napi::Env env, std::shared_ptr<lxc::Container>& container) {
        return bridge::make_handle(env, std::make_shared<OpenContainer>(std::move(container)));
      });
}

// close(container: ContainerHandle): void. Inline; a call that runs is not interrupted.
static Napi::Value Close(const Napi::CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<OpenContainer>(args[0]);
  return info.Env().Undefined();
}

// isDefined(container: ContainerHandle): Promise<boolean>
static Napi::Value IsDefined(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [](lxc::Container& c) { return c.is_defined(); });
}

// state(container: ContainerHandle): Promise<string>
static Napi::Value State(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [](lxc::Container& c) { return c.state(); });
}

// initPid(container: ContainerHandle): Promise<number | null>
static Napi::Value InitPid(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [](lxc::Container& c) { return c.init_pid(); });
}

// initPidfd(container: ContainerHandle): Promise<number>. The caller owns the descriptor.
static Napi::Value InitPidfd(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(
      info, args, [](lxc::Container& c) { return c.init_pidfd(); }, bridge::GiveFd());
}

// getConfig(container: ContainerHandle, keys: string[]): Promise<(string | null)[]>
static Napi::Value GetConfig(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(
      info, args, [keys = args[1].strings()](lxc::Container& c) { return c.get_config(keys); });
}

// setConfig(container: ContainerHandle, items: ConfigItem[]): Promise<void>
static Napi::Value SetConfig(const Napi::CallbackInfo& info) {
  Args args(info);
  auto items = args[1].list(
      [](const In& item) { return lxc::ConfigItem{item["key"].string(), item["value"].string()}; });
  return with_container(
      info, args, [items = std::move(items)](lxc::Container& c) { return c.set_config(items); });
}

// clearConfig(container: ContainerHandle, keys: string[]): Promise<void>
static Napi::Value ClearConfig(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(
      info, args, [keys = args[1].strings()](lxc::Container& c) { return c.clear_config(keys); });
}

// configKeys(container: ContainerHandle, prefix: string | null): Promise<string[]>
static Napi::Value ConfigKeys(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [prefix = string_or_null(args[1])](lxc::Container& c) {
    return c.config_keys(prefix);
  });
}

// loadConfig(container: ContainerHandle, file: string | null): Promise<void>
static Napi::Value LoadConfig(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [file = string_or_null(args[1])](lxc::Container& c) {
    return c.load_config(file);
  });
}

// saveConfig(container: ContainerHandle, file: string | null): Promise<void>
static Napi::Value SaveConfig(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [file = string_or_null(args[1])](lxc::Container& c) {
    return c.save_config(file);
  });
}

// runningConfig(container: ContainerHandle, keys: string[]): Promise<(string | null)[]>
static Napi::Value RunningConfig(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(
      info, args, [keys = args[1].strings()](lxc::Container& c) { return c.running_config(keys); });
}

// setCgroup(container: ContainerHandle, key: string, value: string): Promise<void>
static Napi::Value SetCgroup(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args,
                        [key = args[1].string(), value = args[2].string()](lxc::Container& c) {
                          return c.set_cgroup(key, value);
                        });
}

// freeze(container: ContainerHandle): Promise<void>
static Napi::Value Freeze(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [](lxc::Container& c) { return c.freeze(); });
}

// unfreeze(container: ContainerHandle): Promise<void>
static Napi::Value Unfreeze(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(info, args, [](lxc::Container& c) { return c.unfreeze(); });
}

struct GiveConsole {
  Napi::Value operator()(Napi::Env env, lxc::ConsoleFds& fds) const {
    return bridge::record(env, "tty", fds.tty, "ptx", fds.ptx.get(), "allocation",
                          fds.allocation.get());
  }
  void given(lxc::ConsoleFds& fds) const {
    (void)fds.ptx.release();
    (void)fds.allocation.release();
  }
};

// console(container: ContainerHandle, tty: number): Promise<ConsoleFds>. The caller owns both.
static Napi::Value Console(const Napi::CallbackInfo& info) {
  Args args(info);
  return with_container(
      info, args, [tty = args[1].int32()](lxc::Container& c) { return c.console_fds(tty); },
      GiveConsole());
}

Napi::Object init_lxc(Napi::Env env) {
  return bridge::functions(env, "lxc",
                           {{"version", Version},
                            {"hasApiExtension", HasApiExtension},
                            {"isConfigKey", IsConfigKey},
                            {"setLog", SetLog},
                            {"listDefined", ListDefined},
                            {"listActive", ListActive},
                            {"open", Open},
                            {"close", Close},
                            {"isDefined", IsDefined},
                            {"state", State},
                            {"initPid", InitPid},
                            {"initPidfd", InitPidfd},
                            {"getConfig", GetConfig},
                            {"setConfig", SetConfig},
                            {"clearConfig", ClearConfig},
                            {"configKeys", ConfigKeys},
                            {"loadConfig", LoadConfig},
                            {"saveConfig", SaveConfig},
                            {"runningConfig", RunningConfig},
                            {"setCgroup", SetCgroup},
                            {"freeze", Freeze},
                            {"unfreeze", Unfreeze},
                            {"console", Console}});
}
