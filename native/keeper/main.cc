// The keeper: one single-threaded process per host that does what a threaded one may not.
// It starts containers through liblxc, enters their namespaces, holds their consoles and
// sessions, and outlives whoever embeds the library. See README.md beside this file.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "abi/lxc.h"
#include "base/file.h"
#include "cgroup/tree.h"
#include "keeper/adopt.h"
#include "keeper/channel.h"
#include "keeper/consoles.h"
#include "keeper/containers.h"
#include "keeper/edits.h"
#include "keeper/interpose.h"
#include "keeper/monitor_child.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"
#include "keeper/sealed.h"
#include "keeper/server.h"
#include "keeper/session_child.h"
#include "keeper/sessions.h"
#include "keeper/step.h"

namespace keeper {
namespace {

constexpr uint64_t kIdleMs = 5000;
constexpr uint64_t kSettleMs = 1000;

[[noreturn]] void die(const char* what, const base::SysError& error) {
  ::dprintf(STDERR_FILENO, "keeper: %s: %s %s: %s\n", what, error.syscall, error.path.c_str(),
            std::strerror(error.errnum));
  _exit(1);
}

#define OR_DIE(what, expression)                                                \
  do {                                                                          \
    if (auto status_ = (expression); !status_.ok()) die(what, status_.error()); \
  } while (0)

base::Status make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return base::last_error("mkdir", path);
  if (::chmod(path.c_str(), mode) != 0) return base::last_error("chmod", path);
  return base::success();
}

base::Status make_directories(const std::string& state_dir) {
  TRY_STATUS(make_directory(state_dir + "/keeper", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/plans", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/exits", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/reboots", 0700));
  TRY_STATUS(make_directory(state_dir + "/keeper/seccomp", 0700));
  // A container's root walks through here to its own root directory while it starts.
  TRY_STATUS(make_directory(state_dir + "/rootfs", 0711));
  return base::success();
}

// One keeper a host. The lock goes with the process, however it ends; one that is just being
// killed may hold it a moment longer than its socket.
base::Result<base::UniqueFd> lock(const std::string& state_dir) {
  const std::string path = state_dir + "/keeper/lock";
  base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return base::last_error("open", path);
  for (int tries = 0; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; tries++) {
    if (errno != EWOULDBLOCK || tries == 200) return base::last_error("flock", path);
    const timespec pause{0, 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return fd;
}

// Rootfs mounts are visible in here only, while a start is under way. Mounts that the host
// makes or takes away later still reach us.
base::Status own_mount_namespace(const std::string& state_dir) {
  if (const auto left = mount_namespace_left(state_dir); left.valid()) {
    if (::setns(left.get(), CLONE_NEWNS) != 0) return base::last_error("setns");
    return base::success();
  }
  if (::unshare(CLONE_NEWNS) != 0) return base::last_error("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return base::last_error("mount", "/");
  }
  return prepare_rootfs_area(state_dir + "/rootfs");
}

// What a spare child is told to do: by the kind of the frame that led to it.
void work(const cgroup::Hierarchies& hierarchies, std::string_view job,
          std::vector<base::UniqueFd> fds, base::UniqueFd keeper) {
  const auto message = Message::parse(job);
  if (!message) return;
  if (message->kind == Kind::START) {
    run_monitor(hierarchies, *message, std::move(fds), std::move(keeper));
  }
  if (message->kind == Kind::EXEC) run_session(hierarchies, *message, fds);
}

class Keeper {
 public:
  Keeper(const Options& options, Log& log, const cgroup::Hierarchies& hierarchies,
         base::UniqueFd listener)
      : events_([this](std::string_view frame) { server_.broadcast(frame); }),
        spare_(loop_, hierarchies, work),
        context_{options, loop_, log, events_, hierarchies, spare_},
        containers_(context_, userns_,
                    [this](const std::string& key) { consoles_.container_ended(key); }),
        consoles_(context_, containers_,
                  [this](uint64_t client) { return server_.connected(client); }),
        sessions_(context_, containers_),
        edits_(context_, containers_, userns_),
        server_(
            loop_, log, std::move(listener),
            [this](const Message& message, const Request& request) { dispatch(message, request); },
            [this](uint64_t client) {
              consoles_.client_gone(client);
              if (server_.clients() == 0) leave_when_idle();
            }) {}

  void run() {
    containers_.adopt_all();
    sessions_.remove_left();
    // Some were about to be made when that keeper ended.
    loop_.after(kSettleMs, [this] { sessions_.remove_left(); });
    leave_when_idle();
    loop_.run();
    containers_.remove_fifos();
  }

 private:
  void dispatch(const Message& message, const Request& request) {
    switch (message.kind) {
      case Kind::HELLO:
        return hello(message, request);
      case Kind::START:
        return containers_.start(message, request);
      case Kind::ABORT:
        return abort(message, request);
      case Kind::LOOKUP:
        return containers_.lookup(message, request);
      case Kind::CONTAINERS:
        return containers_.list(request);
      case Kind::EXEC:
        return sessions_.exec(message, request);
      case Kind::SESSIONS:
        return sessions_.list(request);
      case Kind::SESSION_OPEN:
        return sessions_.open(message, request);
      case Kind::SESSION_CLOSE:
        return sessions_.close(message, request);
      case Kind::STDIN_CLOSE:
        return sessions_.close_stdin(message, request);
      case Kind::CONSOLE:
        return consoles_.open(message, request);
      case Kind::CONSOLE_CLOSE:
        return consoles_.close(message, request);
      case Kind::EDIT:
      case Kind::OPEN:
      case Kind::REPLACE:
        return edits_.run(message, request);
      case Kind::SUBSCRIBE:
        return subscribe(message, request);
      case Kind::MOUNTS:
        return mounts(message, request);
      case Kind::TELL_STATE:
        return containers_.tell_state(message, request);
      case Kind::SHUTDOWN:
        return shutdown(message, request);
      case Kind::FAULT:
        return fault(message, request);
      case Kind::REPLY:
      case Kind::ERROR:
      case Kind::EVENT:
        break;
    }
    request.fail({ENOSYS, "keeper", std::to_string(static_cast<int>(message.kind))});
  }

  // A request that is not answered yet, or a session with all that it has started.
  void abort(const Message& message, const Request& request) {
    if (message.fields.has(Tag::SESSION)) return sessions_.kill(message, request);
    const auto aborted = static_cast<uint32_t>(message.fields.number(Tag::REQUEST));
    if (!containers_.abort(request, aborted)) sessions_.abort(request, aborted);
  }

  void hello(const Message& message, const Request& request) {
    const uint64_t theirs = message.fields.number(Tag::VERSION);
    if (theirs != kProtocolVersion) {
      return request.fail({EPROTO, "hello", std::to_string(theirs)}, "hello", "ERR_KEEPER_VERSION");
    }
    Writer answer = request.answer();
    answer.number(Tag::VERSION, kProtocolVersion);
    answer.number(Tag::PID, static_cast<uint64_t>(::getpid()));
    answer.put(Tag::EPOCH, events_.epoch()).number(Tag::SEQ, events_.last());
    abi::LibraryInfo why;
    if (abi::lxc(&why) == nullptr) answer.put(Tag::PATH, why.soname).put(Tag::DETAIL, why.reason);
    request.reply(answer);
  }

  void subscribe(const Message& message, const Request& request) {
    request.reply();
    if (message.fields.has(Tag::SEQ)) {
      events_.replay(message.fields.text(Tag::EPOCH), message.fields.number(Tag::SEQ),
                     [&](std::string_view event) { request.pass(event); });
    }
    server_.subscribe(request.client());
  }

  // What is mounted for containers in our namespace, for those who check that nothing is left; with
  // FORCE, what was mounted for none that is known here, and is not any more.
  void mounts(const Message& message, const Request& request) {
    const bool unmount = message.fields.number(Tag::FORCE) != 0;
    Writer answer = request.answer();
    const auto table = base::read_file("/proc/self/mountinfo", 64 * 1024 * 1024);
    const std::string prefix = " " + context_.options.state_dir + "/rootfs/";
    if (table.ok()) {
      for (size_t at = 0; (at = table->find(prefix, at)) != std::string::npos; at++) {
        const std::string path = table->substr(at + 1, table->find(' ', at + 1) - at - 1);
        if (unmount && containers_.has_rootfs(path)) continue;
        if (unmount) unmount_rootfs(path);
        answer.put(Tag::PATH, path);
      }
    }
    request.reply(answer);
  }

  void shutdown(const Message& message, const Request& request) {
    if (message.fields.number(Tag::FORCE) == 0 && busy()) {
      return request.fail({EBUSY, "shutdown", ""}, "shutdown", "ERR_KEEPER_BUSY");
    }
    request.reply();
    loop_.stop();
  }

  void fault(const Message& message, const Request& request) {
    const Fields& fields = message.fields;
    auto armed = arm_step(fields.text(Tag::STEP), fields.text(Tag::OP) == "fail",
                          static_cast<pid_t>(fields.number(Tag::PID)));
    armed.ok() ? request.reply() : request.fail(armed.error(), "fault");
  }

  [[nodiscard]] bool busy() const { return containers_.count() > 0 || sessions_.running() > 0; }

  void leave_when_idle() {
    loop_.after(kIdleMs, [this] {
      if (server_.clients() > 0) return;  // its leaving calls this again
      if (!busy()) return loop_.stop();
      leave_when_idle();
    });
  }

  Loop loop_;
  UsernsCache userns_;
  Events events_;
  Spare spare_;
  Context context_;
  Containers containers_;
  Consoles consoles_;
  Sessions sessions_;
  Edits edits_;
  Server server_;
};

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--state-dir") == 0) options.state_dir = argv[i + 1];
    if (std::strcmp(argv[i], "--cgroup-root") == 0) options.cgroup_root = argv[i + 1];
  }
  if (options.state_dir.empty() || options.state_dir[0] != '/' || options.cgroup_root.empty()) {
    ::dprintf(STDERR_FILENO, "usage: keeper --state-dir /PATH --cgroup-root NAME\n");
    return 2;
  }
  OR_DIE("sealed copy", run_sealed(argv));
  ::close_range(3, ~0U, 0);  // what whoever started us left open is none of ours
  keep_arguments(argc, argv);
  ::prctl(PR_SET_NAME, "keeper");  // not that of the sealed copy

  ::umask(022);
  (void)::chdir("/");
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  OR_DIE("steps", prepare_steps());
  OR_DIE("steps", arm_step_from_environment());
  OR_DIE("state directory", make_directories(options.state_dir));
  OR_DIE("step", done(Step::BOOT_DIRECTORIES));
  // liblxc looks for newuidmap on PATH and would run it: there is none in here. And nothing
  // of the environment that we were started with is any container's business.
  const char* variable = "VPSADMINOS_LIBLXC";
  const char* given = ::getenv(variable);
  const std::string liblxc = given == nullptr ? "" : given;
  ::clearenv();
  if (!liblxc.empty()) ::setenv(variable, liblxc.c_str(), 1);
  ::setenv("PATH", (options.state_dir + "/keeper").c_str(), 1);

  auto held = lock(options.state_dir);
  if (!held.ok()) die("lock", held.error());
  OR_DIE("step", done(Step::BOOT_LOCKED));
  auto hierarchies = cgroup::Hierarchies::mounted();
  if (!hierarchies.ok()) die("cgroups", hierarchies.error());
  // Out of the cgroup of whoever started us: a service manager ends a service by its cgroup.
  const std::string own = own_cgroup(options);
  OR_DIE("cgroup", cgroup::create(*hierarchies, own, true));
  OR_DIE("cgroup", cgroup::join(*hierarchies, own, 0));
  // Where monitors move before they remove their own cgroup. liblxc makes this one when it is
  // missing, but without CPUs on v1, and then nothing can move there.
  OR_DIE("cgroup", cgroup::create(*hierarchies, options.cgroup_root + "/pivot/lxc.pivot", false));
  OR_DIE("step", done(Step::BOOT_CGROUP));
  OR_DIE("mount namespace", own_mount_namespace(options.state_dir));
  OR_DIE("step", done(Step::BOOT_NAMESPACE));
  raise_descriptor_limit();

  const std::string socket = options.state_dir + "/keeper/socket";
  auto listener = listen_at(socket);
  if (!listener.ok()) die("socket", listener.error());
  OR_DIE("step", done(Step::BOOT_SOCKET));
  Log log(options.state_dir + "/keeper/log");
  abi::LibraryInfo why;
  if (abi::lxc(&why) == nullptr) log.line("%s: %s", why.soname, why.reason.c_str());
  share_libraries();
  log.line("keeper %d serves %s", ::getpid(), options.state_dir.c_str());
  (void)!::write(STDOUT_FILENO, "ready\n", 6);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd++) ::dup2(null, fd);
  ::close(null);

  Keeper keeper(options, log, *hierarchies, std::move(*listener));
  keeper.run();
  ::unlink(socket.c_str());
  log.line("keeper %d leaves", ::getpid());
  return 0;
}

}  // namespace
}  // namespace keeper

int main(int argc, char** argv) {
  return keeper::run(argc, argv);
}
