// The room as JavaScript sees it: types/native/ns.d.ts. Converts, and does nothing else. The part
// about files inside a root is in binding_root.cc.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mount.h>

#include <atomic>
#include <memory>

#include "napi/events.h"
#include "napi/exports.h"
#include "napi/storage.h"
#include "napi/task.h"
#include "ns/binding_root.h"
#include "ns/file_lock.h"
#include "ns/flush.h"
#include "ns/mount.h"
#include "ns/namespace.h"
#include "ns/notify.h"
#include "ns/pidfd.h"
#include "ns/tree.h"
#include "ns/userns.h"

namespace {

using bridge::Args;
using bridge::GiveFd;
using Napi::CallbackInfo;
using Napi::Value;

// pidfdOpen(pid: number): number
Value PidfdOpen(const CallbackInfo& info) {
  Args args(info);
  const pid_t pid = args[0].int32();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), ns::pidfd_open(pid), GiveFd());
}

// pidfdSendSignal(pidfd: number, signal: number): void
Value PidfdSendSignal(const CallbackInfo& info) {
  Args args(info);
  const int pidfd = args[0].fd();
  const int signal = args[1].int32();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), ns::pidfd_send_signal(pidfd, signal));
}

// pidfdGetfd(pidfd: number, fd: number): number
Value PidfdGetfd(const CallbackInfo& info) {
  Args args(info);
  const int pidfd = args[0].fd();
  const int fd = args[1].fd();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), ns::pidfd_getfd(pidfd, fd), GiveFd());
}

// pidfdPid(pidfd: number): number
Value PidfdPid(const CallbackInfo& info) {
  Args args(info);
  const int pidfd = args[0].fd();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), ns::pidfd_pid(pidfd));
}

class Exit final : public bridge::Source {
 public:
  explicit Exit(base::UniqueFd pidfd) : pidfd_(std::move(pidfd)) {}
  std::vector<bridge::Interest> interests() override { return {{pidfd_.get(), EPOLLIN}}; }
  void ready(size_t index, uint32_t, bridge::Subscription& subscription) override {
    // A pidfd stays readable for ever.
    subscription.drop_interest(index);
    auto status = ns::pidfd_status(pidfd_.get());
    std::optional<int> wait_status;
    if (status.ok()) wait_status = status->wait_status;
    subscription.emit_value([wait_status](Napi::Env env) {
      return bridge::record(env, "type", "exit", "waitStatus", wait_status);
    });
  }

 private:
  const base::UniqueFd pidfd_;
};

// watchExit(pidfd: number, persistent: boolean, callback: (event: ExitEvent) => void):
//   Subscription
Value WatchExit(const CallbackInfo& info) {
  Args args(info);
  const int pidfd = args[0].fd();
  const bool persistent = args[1].boolean();
  const Napi::Function callback = args[2].function();
  if (!args.ok()) return {};
  // A copy, so that the caller may close theirs whenever they like.
  base::UniqueFd copy(::fcntl(pidfd, F_DUPFD_CLOEXEC, 0));
  base::Result<base::UniqueFd> result =
      copy.valid() ? base::Result<base::UniqueFd>(std::move(copy)) : base::last_error("fcntl");
  return bridge::value_or_throw(info.Env(), std::move(result), [&](Napi::Env, base::UniqueFd& fd) {
    return bridge::subscribe(info, callback, std::make_unique<Exit>(std::move(fd)),
                             {.keeps_alive = persistent});
  });
}

// unwatch(subscription: Subscription): void
Value Unwatch(const CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<bridge::Subscription>(args[0]);
  return {};
}

// namespaceIds(pid: number): Promise<NamespaceIds>
Value NamespaceIds(const CallbackInfo& info) {
  Args args(info);
  const pid_t pid = args[0].int32();
  if (!args.ok()) return {};
  return bridge::run(
      info, [pid] { return ns::namespace_ids(pid); },
      [](Napi::Env env, ns::NamespaceIds& ids) -> Value {
        Napi::Object object = Napi::Object::New(env);
        for (size_t i = 0; i < ids.size(); ++i) {
          std::optional<bridge::BigInt> id;
          if (ids[i]) id = bridge::BigInt{*ids[i]};
          object.Set(ns::kNamespaces[i], bridge::to_js(env, id));
        }
        return object;
      });
}

ns::IdMap id_map(const bridge::In& in) {
  return in.list([](const bridge::In& entry) {
    return ns::IdMapEntry{.ns_id = entry["nsId"].uint32(),
                          .host_id = entry["hostId"].uint32(),
                          .count = entry["count"].uint32()};
  });
}

// createUserNs(uidMap: IdMapEntry[], gidMap: IdMapEntry[]): Promise<number>
Value CreateUserNs(const CallbackInfo& info) {
  Args args(info);
  const ns::IdMap uids = id_map(args[0]);
  const ns::IdMap gids = id_map(args[1]);
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return ns::create_userns(uids, gids); }, GiveFd());
}

int fd_or_none(const bridge::In& in) {
  return in.nullable([](const bridge::In& fd) { return fd.fd(); }).value_or(-1);
}

// cloneMount(path: string, userNs: number | null, attributes: number,
//            recursive: boolean): Promise<number>
Value CloneMount(const CallbackInfo& info) {
  Args args(info);
  const std::string path = args[0].string();
  const int userns = fd_or_none(args[1]);
  const uint64_t attributes = args[2].uint32();
  const bool recursive = args[3].boolean();
  if (!args.ok()) return {};
  return bridge::run(
      info, [=] { return ns::clone_mount(AT_FDCWD, path, userns, attributes, recursive); },
      GiveFd());
}

using Options = std::vector<std::pair<std::string, std::optional<std::string>>>;

std::string source_in(const Options& options) {
  std::string source;
  for (const auto& [key, value] : options) {
    if (key == "source") source = value.value_or("");
  }
  return source;
}

base::Result<base::UniqueFd> new_mount(const std::string& type, const Options& options,
                                       uint64_t attributes) {
  auto context = ns::fsopen(type);
  if (!context.ok()) return context;
  for (const auto& [key, value] : options) {
    TRY_STATUS(value ? ns::fsconfig_string(context->get(), key, *value)
                     : ns::fsconfig_flag(context->get(), key));
  }
  TRY_STATUS(ns::fsconfig_create(context->get(), source_in(options)));
  return ns::fsmount(context->get(), attributes);
}

// newMount(type: string, options: [string, string | null][], attributes: number): Promise<number>
Value NewMount(const CallbackInfo& info) {
  Args args(info);
  const std::string type = args[0].string();
  const Options options = args[1].list([](const bridge::In& pair) {
    const auto items = pair.list([](const bridge::In& item) {
      return item.nullable([](const bridge::In& text) { return text.string(); });
    });
    if (items.size() != 2 || !items[0]) {
      pair.fail("[string, string | null]");
      return Options::value_type();
    }
    return Options::value_type(*items[0], items[1]);
  });
  const uint64_t attributes = args[2].uint32();
  if (!args.ok()) return {};
  const auto work = [=] { return new_mount(type, options, attributes); };
  // It reads the disk, and writes to it what a crash has cut off.
  if (type == "zfs") return bridge::reads(info, source_in(options), work, GiveFd());
  return bridge::run_slow(info, work, GiveFd());
}

// closeMount(mount: number, dataset: string | null): Promise<void>
Value CloseMount(const CallbackInfo& info) {
  Args args(info);
  const int mount = args[0].fd();
  const auto dataset = args[1].nullable([](const bridge::In& name) { return name.string(); });
  if (!args.ok()) return {};
  // Ours from here on, so that it is closed also when nobody is left to do it.
  auto work = [fd = base::UniqueFd(mount)]() mutable -> base::Status {
    fd.reset();
    return base::success();
  };
  // The last one writes to the disk what is not written yet.
  if (dataset) return bridge::reads(info, *dataset, std::move(work));
  return bridge::run_slow(info, std::move(work));
}

// setMountAttributes(mount: number, set: number, clear: number, userNs: number | null,
//                    recursive: boolean): Promise<void>
Value SetMountAttributes(const CallbackInfo& info) {
  Args args(info);
  const int mount = args[0].fd();
  ns::MountAttributes attributes;
  attributes.set = args[1].uint32();
  attributes.clear = args[2].uint32();
  attributes.userns = fd_or_none(args[3]);
  const bool recursive = args[4].boolean();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return ns::mount_setattr(mount, attributes, recursive); });
}

// moveMount(mount: number, path: string): Promise<void>
Value MoveMount(const CallbackInfo& info) {
  Args args(info);
  const int mount = args[0].fd();
  const std::string path = args[1].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return ns::move_mount(mount, AT_FDCWD, path); });
}

// umount(path: string, detach: boolean): Promise<void>
Value Umount(const CallbackInfo& info) {
  Args args(info);
  const std::string path = args[0].string();
  const bool detach = args[1].boolean();
  if (!args.ok()) return {};
  return bridge::run_slow(info, [=] { return ns::umount(path, detach ? MNT_DETACH : 0); });
}

struct StopFlag {
  static constexpr const char* kTypeName = "ns.Stop";
  std::atomic<bool> set{false};
  void close() { set.store(true, std::memory_order_relaxed); }
};
using StopHandle = std::shared_ptr<StopFlag>;

StopHandle stop_or_none(const bridge::In& in) {
  return in.nullable([](const bridge::In& stop) { return stop.handle<StopFlag>(); })
      .value_or(nullptr);
}
ns::Stop flag_of(const StopHandle& stop) {
  return stop == nullptr ? nullptr : &stop->set;
}

// lockFile(fd: number): boolean
Value LockFile(const CallbackInfo& info) {
  Args args(info);
  const int fd = args[0].fd();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), ns::lock_file(fd), bridge::ConvertByType());
}

// notify(address: string, text: string): void
Value Notify(const CallbackInfo& info) {
  Args args(info);
  const std::string address = args[0].string();
  const std::string text = args[1].string();
  if (!args.ok()) return {};
  return bridge::value_or_throw(info.Env(), ns::notify(address, text));
}

// newStop(): Stop
Value NewStop(const CallbackInfo& info) {
  return bridge::make_handle(info.Env(), std::make_shared<StopFlag>());
}

// stop(stop: Stop): void
Value Stop(const CallbackInfo& info) {
  Args args(info);
  bridge::close_handle<StopFlag>(args[0]);
  return {};
}

// removeTree(path: string, stop: Stop | null): Promise<void>
Value RemoveTree(const CallbackInfo& info) {
  Args args(info);
  const std::string path = args[0].string();
  const StopHandle stop = stop_or_none(args[1]);
  if (!args.ok()) return {};
  return bridge::run_tree(info, [=] { return ns::remove_tree(AT_FDCWD, path, flag_of(stop)); });
}

// cloneTree(from: string, to: string, reflink: boolean, stop: Stop | null): Promise<CloneReport>
Value CloneTree(const CallbackInfo& info) {
  Args args(info);
  const std::string from = args[0].string();
  const std::string to = args[1].string();
  const ns::CloneMode mode = args[2].boolean() ? ns::CloneMode::kReflink : ns::CloneMode::kCopy;
  const StopHandle stop = stop_or_none(args[3]);
  if (!args.ok()) return {};
  return bridge::run_tree(
      info, [=] { return ns::clone_tree(AT_FDCWD, from, AT_FDCWD, to, mode, flag_of(stop)); },
      [](Napi::Env env, ns::CloneReport& report) {
        return bridge::record(env, "entries", report.entries, "bytes", report.bytes, "reflinked",
                              report.reflinked, "copied", report.copied);
      });
}

// flushFilesystem(path: string): Promise<void>
Value FlushFilesystem(const CallbackInfo& info) {
  Args args(info);
  const std::string path = args[0].string();
  if (!args.ok()) return {};
  return bridge::run_tree(info, [=] { return ns::flush_filesystem(AT_FDCWD, path); });
}

// canReflink(directory: string): Promise<boolean>
Value CanReflink(const CallbackInfo& info) {
  Args args(info);
  const std::string directory = args[0].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return ns::can_reflink(AT_FDCWD, directory); });
}

}  // namespace

Napi::Object init_ns(Napi::Env env) {
  return bridge::functions(env, "ns",
                           {{"pidfdOpen", PidfdOpen},
                            {"pidfdSendSignal", PidfdSendSignal},
                            {"pidfdGetfd", PidfdGetfd},
                            {"pidfdPid", PidfdPid},
                            {"watchExit", WatchExit},
                            {"unwatch", Unwatch},
                            {"namespaceIds", NamespaceIds},
                            {"createUserNs", CreateUserNs},
                            {"cloneMount", CloneMount},
                            {"newMount", NewMount},
                            {"closeMount", CloseMount},
                            {"setMountAttributes", SetMountAttributes},
                            {"moveMount", MoveMount},
                            {"umount", Umount},
                            {"lockFile", LockFile},
                            {"notify", Notify},
                            {"newStop", NewStop},
                            {"stop", Stop},
                            {"removeTree", RemoveTree},
                            {"cloneTree", CloneTree},
                            {"canReflink", CanReflink},
                            {"flushFilesystem", FlushFilesystem},
                            {"openFileInRoot", ns::OpenFileInRoot},
                            {"readFileInRoot", ns::ReadFileInRoot},
                            {"writeFileInRoot", ns::WriteFileInRoot},
                            {"mkdirInRoot", ns::MkdirInRoot},
                            {"symlinkInRoot", ns::SymlinkInRoot},
                            {"readlinkInRoot", ns::ReadlinkInRoot},
                            {"unlinkInRoot", ns::UnlinkInRoot},
                            {"statInRoot", ns::StatInRoot}});
}
