// The keeper's start: how it becomes the one keeper of its host, with nothing of whoever started
// it, or goes on as what another program was in the same process. See README.md beside this file.

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
#include "keeper/handover.h"
#include "keeper/keeper.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"
#include "keeper/sealed.h"
#include "keeper/state_directory.h"
#include "keeper/step.h"

namespace keeper {
namespace {

[[noreturn]] void die(const char* what, const base::SysError& error) {
  ::dprintf(STDERR_FILENO, "keeper: %s: %s %s: %s\n", what, error.syscall, error.path.c_str(),
            std::strerror(error.errnum));
  _exit(1);
}

#define OR_DIE(what, expression)                                                \
  do {                                                                          \
    if (auto status_ = (expression); !status_.ok()) die(what, status_.error()); \
  } while (0)

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

// Whoever tidies up after a keeper that was killed may take away what is empty still.
base::Status enter(const cgroup::Hierarchies& hierarchies, const std::string& own) {
  const auto try_it = [&]() -> base::Status {
    TRY_STATUS(cgroup::create(hierarchies, own, true));
    return cgroup::join(hierarchies, own, 0);
  };
  base::Status entered = try_it();
  for (int tries = 0; !entered.ok() && cgroup::gone(entered.error()) && tries < 200; tries++) {
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
    entered = try_it();
  }
  return entered;
}

// What run() has of the program before it, where there was one.
struct Left {
  std::optional<Takeover> all;
  base::UniqueFd listener;
  base::UniqueFd lock;
};

Left left_at(int fd) {
  Left left;
  const base::UniqueFd file(fd);
  auto read = Takeover::read(file.get());
  if (!read.ok()) die("handover", read.error());
  const Message* keeper = read->find(Kind::HELLO);
  if (keeper == nullptr) die("handover", {EBADMSG, "read", "handover"});
  Given given(keeper->fields);
  left.listener = given.take();
  left.lock = given.take();
  given_descriptor_limit() = {keeper->fields.number(Tag::FROM), keeper->fields.number(Tag::TO)};
  left.all = std::move(*read);
  return left;
}

void arm_step_left(const Takeover& left) {
  const Message* fault = left.find(Kind::FAULT);
  if (fault == nullptr) return;
  const Fields& fields = fault->fields;
  (void)arm_step(fields.text(Tag::STEP), fields.text(Tag::OP) == "fail",
                 static_cast<pid_t>(fields.number(Tag::PID)));
}

// Whether this program understands what another one would leave it. Nothing outside of this process
// is touched.
[[noreturn]] void check(const Options& options, Left left) {
  auto hierarchies = cgroup::Hierarchies::mounted();
  if (!hierarchies.ok()) _exit(1);
  Log log(options.state_dir + "/keeper/log");
  Keeper keeper(options, log, *hierarchies, left.lock, std::move(left.listener));
  const auto taken = keeper.take_over(*left.all);
  if (!taken.ok()) _exit(1);
  const bool said = base::write_all(STDOUT_FILENO, kUnderstood, "stdout").ok();
  _exit(said ? 0 : 1);
}

int run(int argc, char** argv) {
  Options options;
  int handed_over = -1;
  bool only_check = false;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--state-dir") == 0) options.state_dir = argv[i + 1];
    if (std::strcmp(argv[i], "--cgroup-root") == 0) options.cgroup_root = argv[i + 1];
    const bool check = std::strcmp(argv[i], "--check") == 0;
    only_check = only_check || check;
    if (check || std::strcmp(argv[i], "--handover") == 0) handed_over = std::atoi(argv[i + 1]);
  }
  if (options.state_dir.empty() || options.state_dir[0] != '/' || options.cgroup_root.empty()) {
    ::dprintf(STDERR_FILENO, "usage: keeper --state-dir /PATH --cgroup-root NAME\n");
    return 2;
  }
  OR_DIE("sealed copy", run_sealed(argv));
  Left left;
  if (handed_over < 0) {
    ::close_range(3, ~0U, 0);  // what whoever started us left open is none of ours
  } else {
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    left = left_at(handed_over);
    if (only_check) check(options, std::move(left));
  }
  keep_arguments(argc, argv);
  ::prctl(PR_SET_NAME, "keeper");  // not that of the sealed copy

  ::umask(022);
  (void)::chdir("/");
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  OR_DIE("steps", prepare_steps());
  OR_DIE("steps", arm_step_from_environment());
  if (left.all) {
    arm_step_left(*left.all);
    passed(Step::RENEW_BEGUN);
  }
  // Of one that goes on, all of this is there.
  if (const auto made = make_directories(options.state_dir); !made.ok() && !left.all) {
    die("state directory", made.error());
  }
  OR_DIE("step", done(Step::BOOT_DIRECTORIES));
  // liblxc looks for newuidmap on PATH and would run it: there is none in here. And nothing
  // of the environment that we were started with is any container's business.
  const char* variable = "VPSADMINOS_LIBLXC";
  const char* given = ::getenv(variable);
  const std::string liblxc = given == nullptr ? "" : given;
  ::clearenv();
  if (!liblxc.empty()) ::setenv(variable, liblxc.c_str(), 1);
  ::setenv("PATH", (options.state_dir + "/keeper").c_str(), 1);

  auto held = left.all ? std::move(left.lock) : lock(options.state_dir);
  if (!held.ok()) die("lock", held.error());
  OR_DIE("step", done(Step::BOOT_LOCKED));
  auto hierarchies = cgroup::Hierarchies::mounted();
  if (!hierarchies.ok()) die("cgroups", hierarchies.error());
  // Out of the cgroup of whoever started us: a service manager ends a service by its cgroup.
  const std::string own = own_cgroup(options);
  if (!left.all) {
    OR_DIE("cgroup", enter(*hierarchies, own));
    // Where monitors move before they remove their own cgroup. liblxc makes this one when it is
    // missing, but without CPUs on v1, and then nothing can move there.
    OR_DIE("cgroup", cgroup::create(*hierarchies, options.cgroup_root + "/pivot/lxc.pivot", false));
  }
  OR_DIE("step", done(Step::BOOT_CGROUP));
  if (!left.all) {
    OR_DIE("mount namespace", own_mount_namespace(options.state_dir));
    OR_DIE("step", done(Step::BOOT_NAMESPACE));
    raise_descriptor_limit();
  }

  const std::string socket = options.state_dir + "/keeper/socket";
  auto listener = left.all ? std::move(left.listener) : listen_at(socket);
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

  Keeper keeper(options, log, *hierarchies, *held, std::move(*listener));
  if (!left.all) {
    keeper.adopt();
  } else {
    if (const auto taken = keeper.take_over(*left.all); !taken.ok()) {
      // The next one adopts what runs.
      log.line("not all can be taken over: %s", taken.error().path.c_str());
      return 1;
    }
    passed(Step::RENEW_TAKEN);
    keeper.answer_renewal(*left.all);
    left.all.reset();
  }
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
