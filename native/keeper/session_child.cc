// keeper -> this child -> the guest's program
//
// A pid namespace is entered by being born in it, and so is a cgroup of v2 without a wait. So two
// processes are needed. The second is made with CLONE_PARENT: the keeper is its parent and learns
// how it ended.

#include "keeper/session_child.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <grp.h>
#include <poll.h>

#include "base/file.h"
#include "keeper/channel.h"
#include "keeper/confinement.h"
#include "keeper/descriptors.h"
#include "keeper/process.h"
#include "keeper/step.h"
#include "ns/pidfd.h"
#include "ns/rootfs.h"
#include "ns/vfork_into.h"

namespace keeper {
namespace {

struct SessionInput {
  SessionPlace place;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  bool home = false;  // it is only the user's home
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool tty = false;
  unsigned short rows = 0;
  unsigned short cols = 0;
  std::vector<int> streams;  // by number; with a terminal, where its master is awaited
  int init_fd = -1;
  int report = -1;
};

SessionInput parse(const Fields& job, const Fields& exec, const std::vector<base::UniqueFd>& fds) {
  SessionInput input;
  input.place = {job.str(Tag::CGROUP), job.str(Tag::PATH), job.str(Tag::SECCOMP_FILTER),
                 static_cast<pid_t>(job.number(Tag::INIT_PID))};
  input.args = exec.strings(Tag::ARG);
  input.env = exec.strings(Tag::ENV);
  input.cwd = exec.str(Tag::CWD);
  input.home = exec.number(Tag::FLAGS) != 0;
  input.uid = static_cast<uid_t>(exec.number(Tag::UID));
  input.gid = static_cast<gid_t>(exec.number(Tag::GID));
  for (const std::string& group : exec.strings(Tag::GROUP)) {
    input.groups.push_back(static_cast<gid_t>(std::strtoul(group.c_str(), nullptr, 10)));
  }
  input.tty = exec.has(Tag::ROWS);
  input.rows = static_cast<unsigned short>(exec.number(Tag::ROWS));
  input.cols = static_cast<unsigned short>(exec.number(Tag::COLS));
  input.report = fds[0].get();
  input.init_fd = fds[1].get();
  for (size_t i = 2; i < fds.size(); i++) input.streams.push_back(fds[i].get());
  return input;
}

[[noreturn]] void give_up(int report, const char* step, const base::SysError& error) {
  (void)send(report, error_frame(0, error, step).bytes());
  _exit(127);
}

#define OR_GIVE_UP(step, expression)                                                              \
  do {                                                                                            \
    if (auto status_ = (expression); !status_.ok()) give_up(input.report, step, status_.error()); \
  } while (0)

// On v1 beside init. A task that moves itself alone, by `tasks`, needs not the kernel's lock around
// process groups (kernel 5.7).
base::Status join_cgroups(const cgroup::Hierarchies& hierarchies, const SessionPlace& place) {
  for (const cgroup::Hierarchy& hierarchy : hierarchies.all()) {
    if (hierarchy.version == 2) continue;
    auto joined = base::write_at(hierarchy.dir.get(), place.payload + "/tasks", "0");
    if (!joined.ok()) return joined;
  }
  return base::success();
}

// On v2, where only leaves hold processes, the program is born in one of its own.
base::Result<base::UniqueFd> make_leaf(const cgroup::Hierarchies& hierarchies,
                                       const SessionPlace& place) {
  const cgroup::Hierarchy* unified = hierarchies.unified();
  if (unified == nullptr) return base::UniqueFd();
  const std::string directory = place.payload + "/" + place.leaf;
  if (::mkdirat(unified->dir.get(), directory.c_str(), 0755) != 0) {
    return base::last_error("mkdir", unified->mountpoint + "/" + directory);
  }
  auto leaf = base::open_at(unified->dir.get(), directory, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  struct stat info{};
  if (leaf.ok() && ::fstat(leaf->get(), &info) != 0) return base::last_error("fstat", directory);
  // The guest owns the directory above: it may have removed ours and made another one.
  if (leaf.ok() && info.st_uid != 0) return base::SysError{EPERM, "mkdir", directory};
  return leaf;
}

// An empty one: in ours are keys of whoever started the keeper, and all containers would share it.
base::Status leave_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return base::success();
  // A kernel without keys, or a filter that is the program's, too.
  if (errno == ENOSYS || errno == EPERM) return base::success();
  return base::last_error("keyctl", "JOIN_SESSION_KEYRING");
}

base::Status enter(int init_fd, int namespaces) {
  if (::setns(init_fd, namespaces) != 0) return base::last_error("setns");
  return base::success();
}

struct Terminal {
  base::UniqueFd master;
  base::UniqueFd slave;
};

bool is_devpts(const base::UniqueFd& fd) {
  struct stat info{};
  struct statfs fs{};
  return ::fstat(fd.get(), &info) == 0 && ::fstatfs(fd.get(), &fs) == 0 &&
         fs.f_type == DEVPTS_SUPER_MAGIC && S_ISCHR(info.st_mode) && info.st_rdev == makedev(5, 2);
}

// From the guest's own devpts, so that ttyname(3) works there; nothing else under that name
// is taken for one. Not by /proc/self/fd, which is what the guest says: a link there may lead by
// what we hold to devpts of the host.
base::Result<Terminal> open_terminal(unsigned short rows, unsigned short cols) {
  Terminal terminal;
  const std::string path = "/dev/pts/ptmx";
  auto root = base::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  if (!root.ok()) return std::move(root.error());
  // First without touching it: what else may stand there need not like to be opened.
  auto seen = ns::open_in_root(root->get(), path, O_PATH | O_NOFOLLOW);
  if (!seen.ok()) return std::move(seen.error());
  if (!is_devpts(*seen)) return base::SysError{ENOTTY, "open", path};
  auto master = ns::open_in_root(root->get(), path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  if (!master.ok()) return std::move(master.error());
  // Another one may stand there by now.
  if (!is_devpts(*master) || ::fcntl(master->get(), F_SETFL, 0) != 0) {
    return base::SysError{ENOTTY, "open", path};
  }
  terminal.master = std::move(*master);
  const int unlock = 0;
  if (::ioctl(terminal.master.get(), TIOCSPTLCK, &unlock) != 0) {
    return base::last_error("ioctl", "TIOCSPTLCK");
  }
  terminal.slave.reset(::ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.slave.valid()) return base::last_error("ioctl", "TIOCGPTPEER");
  const winsize size{rows, cols, 0, 0};
  ::ioctl(terminal.master.get(), TIOCSWINSZ, &size);
  return terminal;
}

base::Status raise_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return base::last_error("capget");
  for (auto& part : data) {
    part.effective = part.permitted;
    part.inheritable = 0;
  }
  if (::syscall(SYS_capset, &header, data.data()) != 0) return base::last_error("capset");
  return base::success();
}

// Capabilities stay across the change of ids, as loading a filter needs them; exec drops them.
base::Status become(const SessionInput& input) {
  if (::setgroups(input.groups.size(), input.groups.data()) != 0) {
    return base::last_error("setgroups");
  }
  if (::setresgid(input.gid, input.gid, input.gid) != 0) return base::last_error("setresgid");
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return base::last_error("prctl", "KEEPCAPS");
  if (::setresuid(input.uid, input.uid, input.uid) != 0) return base::last_error("setresuid");
  return raise_capabilities();
}

base::Status connect_streams(const SessionInput& input, const base::UniqueFd& slave) {
  ::setsid();
  if (slave.valid() && ::ioctl(slave.get(), TIOCSCTTY, 0) != 0) {
    return base::last_error("ioctl", "TIOCSCTTY");
  }
  for (int i = 0; i < 3; i++) {
    const int from = slave.valid() ? slave.get() : input.streams[i];
    if (::dup2(from, i) < 0) return base::last_error("dup2");
  }
  return base::success();
}

// No magic link: by those of /proc/self/fd a path of the guest's would lead to what we have open.
base::Status enter_directory(const std::string& path) {
  auto root = base::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  if (!root.ok()) return std::move(root.error());
  auto directory = ns::open_in_root(root->get(), path, O_PATH | O_DIRECTORY);
  if (!directory.ok()) return base::SysError{directory.error().errnum, "chdir", path};
  if (::fchdir(directory->get()) != 0) return base::last_error("chdir", path);
  return base::success();
}

base::SysError exec(const SessionInput& input) {
  std::vector<char*> args;
  std::vector<char*> env;
  for (const std::string& arg : input.args) args.push_back(const_cast<char*>(arg.c_str()));
  for (const std::string& entry : input.env) env.push_back(const_cast<char*>(entry.c_str()));
  args.push_back(nullptr);
  env.push_back(nullptr);
  const std::string& name = input.args[0];
  if (name.find('/') != std::string::npos) {
    ::execve(name.c_str(), args.data(), env.data());
    return base::last_error("execve", name);
  }
  std::string path;
  for (const std::string& entry : input.env) {
    if (entry.starts_with("PATH=")) path = entry.substr(5);
  }
  int errnum = ENOENT;
  while (!path.empty()) {
    const std::string directory = path.substr(0, path.find(':'));
    path.erase(0, directory.size() + 1);
    if (directory.empty()) continue;
    ::execve((directory + "/" + name).c_str(), args.data(), env.data());
    if (errno == EACCES) errnum = EACCES;  // found, but somewhere else it may be better
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
      return base::last_error("execve", directory + "/" + name);
    }
  }
  return base::SysError{errnum, "execve", name};
}

struct Program {
  const SessionInput& input;
  const Confinement& confinement;
  pid_t pid = -1;
  bool told = false;  // the keeper knows that
};

// The container's root, in the two namespaces that it could not be born in: with their rights alone
// the cgroup of v2 would not have taken it.
void become_inner_root(const SessionInput& input) {
  OR_GIVE_UP("namespaces", enter(input.init_fd, CLONE_NEWUSER | CLONE_NEWCGROUP));
  if (::setresgid(0, 0, 0) != 0) give_up(input.report, "root", base::last_error("setresgid"));
  if (::setresuid(0, 0, 0) != 0) give_up(input.report, "root", base::last_error("setresuid"));
  // A change of ids makes a process dumpable again (proc(5), fs.suid_dumpable aside).
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// The process that becomes the guest's program.
void run_program(void* argument) {
  auto& [input, confinement, pid, told] = *static_cast<Program*>(argument);
  become_inner_root(input);
  // By the path of one of them the guest could come out of its root.
  std::vector<int> wanted = input.streams;
  wanted.insert(wanted.end(), {input.report, confinement.proc.get()});
  close_all_but(wanted);
  OR_GIVE_UP("root", done(Step::PROGRAM_ROOT));
  base::UniqueFd slave;
  if (input.tty) {
    auto terminal = open_terminal(input.rows, input.cols);
    if (!terminal.ok()) give_up(input.report, "terminal", terminal.error());
    OR_GIVE_UP("terminal", send(input.streams[0], "master", {terminal->master.get()}));
    slave = std::move(terminal->slave);
  }
  Writer begun(Kind::REPLY, 0);
  begun.number(Tag::PID, static_cast<uint64_t>(pid));
  if (!send(input.report, begun.bytes()).ok()) _exit(127);  // the keeper has gone
  told = true;
  OR_GIVE_UP("report", done(Step::PROGRAM_TOLD));
  OR_GIVE_UP("streams", connect_streams(input, slave));
  OR_GIVE_UP("streams", done(Step::PROGRAM_STREAMS));
  // The guest has made the paths that we go from here on, and by /proc/self/fd one of them may lead
  // to whatever we hold: nothing but what is still needed is open, and of that nothing after exec.
  close_all_but({input.report, confinement.proc.get()});
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  auto entered = enter_directory(input.cwd);
  // A home that is missing is no reason not to begin, as for login(1).
  if (!entered.ok() && (!input.home || ::chdir("/") != 0)) {
    give_up(input.report, "cwd", entered.error());
  }
  ::umask(022);
  OR_GIVE_UP("capabilities", drop_capabilities(confinement));
  OR_GIVE_UP("user", become(input));
  OR_GIVE_UP("confine", apply_last(confinement));
  close_all_but({input.report});  // the host's /proc
  OR_GIVE_UP("confine", done(Step::PROGRAM_CONFINED));
  give_up(input.report, "exec", exec(input));
}

// Of a program that somebody has killed. As its parent the keeper knows how it ended, once it has:
// so we end after it.
void tell_silent(int report, pid_t pid) {
  constexpr int kEndMs = 1000;
  Writer silent(Kind::ERROR, 0);
  (void)send(report, silent.number(Tag::PID, static_cast<uint64_t>(pid)).bytes());
  const auto process = ns::pidfd_open(pid);
  if (!process.ok()) return;
  pollfd ended{.fd = process->get(), .events = POLLIN, .revents = 0};
  (void)::poll(&ended, 1, kEndMs);
}

}  // namespace

Writer session_job(std::string_view exec_frame, const SessionPlace& place) {
  Writer job(Kind::EXEC, 0);
  job.put(Tag::ITEM, exec_frame).put(Tag::CGROUP, place.payload).put(Tag::PATH, place.leaf);
  job.put(Tag::SECCOMP_FILTER, place.filter);
  return job.number(Tag::INIT_PID, static_cast<uint64_t>(place.init));
}

void run_session(const cgroup::Hierarchies& hierarchies, const Message& job,
                 const std::vector<base::UniqueFd>& fds) {
  const auto message = Message::parse(job.fields.text(Tag::ITEM));
  if (!message || fds.size() < 2) _exit(127);
  const SessionInput input = parse(job.fields, message->fields, fds);
  if (input.streams.size() != (input.tty ? 1 : 3)) _exit(127);
  // Hidden from the guest's debuggers and its /proc until exec: what we are is the host's.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  auto confinement = confinement_of(input.place.init, input.place.filter);
  if (!confinement.ok()) give_up(input.report, "confinement", confinement.error());
  // The number was init's while we read: it still is, or nothing of it counts.
  if (::syscall(SYS_pidfd_send_signal, input.init_fd, 0, nullptr, 0) != 0) {
    give_up(input.report, "confinement", base::last_error("pidfd_send_signal"));
  }
  OR_GIVE_UP("confinement", done(Step::SESSION_CONFINEMENT));
  OR_GIVE_UP("keyring", leave_keyring());
  OR_GIVE_UP("cgroup", join_cgroups(hierarchies, input.place));
  OR_GIVE_UP("cgroup", done(Step::SESSION_CGROUPS));
  auto leaf = make_leaf(hierarchies, input.place);
  if (!leaf.ok()) give_up(input.report, "cgroup", leaf.error());
  OR_GIVE_UP("cgroup", done(Step::SESSION_LEAF));
  std::vector<int> wanted = input.streams;
  wanted.insert(wanted.end(), {input.init_fd, input.report, confinement->proc.get(), leaf->get()});
  close_all_but(wanted);
  // Not before: with the keeper's descriptors open, init's limit of them would leave us none.
  OR_GIVE_UP("limits", apply_limits(*confinement));
  // All that the guest sees of its new process before that has become its own: its /proc shows
  // mounts, network and arguments of a process to everybody.
  OR_GIVE_UP("namespaces", enter(input.init_fd, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
                                                    CLONE_NEWUTS | CLONE_NEWIPC));
  OR_GIVE_UP("namespaces", done(Step::SESSION_ENTERED));
  set_title("exec");
  Program program{input, *confinement};
  auto pid = ns::vfork_into({.flags = CLONE_PARENT, .cgroup = leaf->get(), .pid = &program.pid},
                            run_program, &program);
  if (!pid.ok()) give_up(input.report, "clone", pid.error());
  if (!program.told) tell_silent(input.report, *pid);
  passed(Step::SESSION_CLONED);
  // It runs, or has failed and said so. Its output has ended when it has, not when we, too, have
  // gone; and our end takes time, which the keeper need not wait for.
  for (const int fd : input.streams) ::close(fd);
  ::close(input.report);
  _exit(0);
}

}  // namespace keeper
