#include "keeper/file_child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "base/file.h"
#include "base/retry.h"
#include "keeper/channel.h"
#include "keeper/step.h"
#include "ns/replacement.h"
#include "ns/rootfs.h"
#include "ns/vfork_into.h"

namespace keeper {
namespace {

constexpr size_t kBlock = 256 * 1024;
constexpr int kPipeSize = 1024 * 1024;  // what root may have at most by default, pipe(7)
// A client has given up by then. What the kernel lets no signal end is ended by the container's
// stop.
constexpr unsigned kHangSeconds = 35;

// What is found and done inside.
struct Opened {
  const EditInput& input;
  base::UniqueFd userns{};
  base::UniqueFd
      mountns{};  // REPLACE in one that runs: what is a mount point is known in there only
  base::UniqueFd content{};  // OPEN
  std::optional<ns::Replacement> replacement{};
  const char* step = "enter";
  mode_t found = 0;
  std::optional<base::SysError> failure{};
};

base::Status open_inside(Opened& opened) {
  const EditInput& input = opened.input;
  const Fields& fields = input.fields;
  const std::string path = fields.str(Tag::PATH);
  const auto own_proc = ns::keep_own_proc();  // not that of the process we share the memory with
  if (!own_proc.ok()) return own_proc.error();
  const base::UniqueFd closes(*own_proc);
  auto root = enter(input);
  if (!root.ok()) return std::move(root.error());
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  TRY_STATUS(done(Step::EDIT_ENTERED));
  auto userns = base::open_at(*own_proc, "../ns/user", O_RDONLY);
  if (!userns.ok()) return std::move(userns.error());
  opened.userns = std::move(*userns);
  if (input.kind == Kind::REPLACE && input.rootfs == nullptr) {
    auto mountns = base::open_at(*own_proc, "../ns/mnt", O_RDONLY);
    if (!mountns.ok()) return std::move(mountns.error());
    opened.mountns = std::move(*mountns);
  }
  if (path.find('\0') != std::string::npos) return base::SysError{EINVAL, "openat2", path};
  if (input.kind == Kind::OPEN) {
    opened.step = "open";
    auto fd = ns::open_file_in_root(root->get(), path, O_RDONLY, 0, &opened.found);
    if (!fd.ok()) return std::move(fd.error());
    opened.content = std::move(*fd);
    return done(Step::EDIT_OPENED);
  }
  opened.step = "replace";
  const auto mode = static_cast<mode_t>(fields.number(Tag::FILE_MODE, 0644)) & 07777;
  auto replacement = ns::Replacement::begin(
      root->get(), path,
      {.mode = mode, .owner = owner_of(fields), .mkdirs = fields.number(Tag::MKDIRS) != 0},
      opened.found);
  if (!replacement.ok()) return std::move(replacement.error());
  auto begun = done(Step::EDIT_BEGUN);
  if (!begun.ok()) {
    replacement->discard();
    return begun;
  }
  opened.replacement = std::move(*replacement);
  return base::success();
}

// By a process of its own, which ends: a transfer that takes long would keep the network of a
// container that has ended.
void open_file(Opened& opened) {
  const auto run = [](void* argument) {
    auto& into = *static_cast<Opened*>(argument);
    if (auto status = open_inside(into); !status.ok()) into.failure = std::move(status.error());
    _exit(0);
  };
  const auto pid = ns::vfork_into({.flags = CLONE_FILES}, run, &opened);
  if (!pid.ok()) refuse(opened.input, "enter", pid.error());
  int status = 0;
  base::retry([&] { return ::waitpid(*pid, &status, 0); });
  if (!WIFEXITED(status))
    _exit(1);  // it was killed: nothing of what it has written is to be trusted
  if (opened.failure) refuse(opened.input, opened.step, *opened.failure, opened.found);
}

base::Status become_guest(const Opened& opened) {
  if (::setns(opened.userns.get(), CLONE_NEWUSER) != 0) return base::last_error("setns");
  TRY_STATUS(become_root());
  const auto own_proc = ns::keep_own_proc();
  if (!own_proc.ok()) return own_proc.error();
  if (opened.mountns.valid() && ::setns(opened.mountns.get(), CLONE_NEWNS) != 0) {
    return base::last_error("setns");
  }
  return base::success();
}

std::array<char, kBlock> block;

// Each call to the guest's filesystem has its time.
template <typename Call>
ssize_t timed(Call call) {
  ::alarm(kHangSeconds);
  const ssize_t result = base::retry(call);
  const int error = errno;
  ::alarm(0);
  errno = error;
  return result;
}

// Through our own memory: splice(2) holds the lock of the pipe for as long as the file takes, and
// whoever closes its other end would wait for the guest, beyond every signal. How long that other
// end takes is its own concern.
base::Status give_all(int file, int pipe, const std::string& path) {
  for (;;) {
    const ssize_t got = timed([&] { return ::read(file, block.data(), block.size()); });
    if (got < 0) return base::last_error("read", path);
    if (got == 0) return base::success();
    const std::string_view part(block.data(), static_cast<size_t>(got));
    if (!base::write_all(pipe, part, path).ok()) _exit(0);  // nobody reads any more
  }
}

base::Status take_all(int pipe, int file, const std::string& path) {
  for (;;) {
    const ssize_t got = base::retry([&] { return ::read(pipe, block.data(), block.size()); });
    if (got < 0) return base::last_error("read", path);
    if (got == 0) return base::success();
    for (ssize_t at = 0; at < got;) {
      const ssize_t wrote =
          timed([&] { return ::write(file, block.data() + at, static_cast<size_t>(got - at)); });
      if (wrote < 0) return base::last_error("write", path);
      at += wrote;
    }
  }
}

void answer(int control, const base::Status& status, const char* step) {
  const Writer frame = status.ok() ? Writer(Kind::REPLY, 0) : error_frame(0, status.error(), step);
  (void)::send(control, frame.bytes().data(), frame.bytes().size(), MSG_NOSIGNAL);
}

struct Ends {
  base::UniqueFd pipe, control;
};

// Reports to the client, who has the other ends then. The report stays open for as long as there is
// something to do: by its end the keeper knows that we are about to end.
Ends connect(const EditInput& input) {
  std::array<int, 2> pipe{};
  std::array<int, 2> control{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) refuse(input, "edit", base::last_error("pipe2"));
  (void)::fcntl(pipe[1], F_SETPIPE_SZ, kPipeSize);  // without it, it is slower
  // Who has read the pipe to its end does not wait for the answer: there is none if it is not
  // there.
  const int never_waits = input.kind == Kind::OPEN ? SOCK_NONBLOCK : 0;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | never_waits, 0, control.data()) != 0) {
    refuse(input, "edit", base::last_error("socketpair"));
  }
  const int ours = input.kind == Kind::OPEN ? 1 : 0;
  (void)send(input.report, Writer(Kind::REPLY, 0).bytes(), {pipe.at(1 - ours), control[1]});
  ::close(pipe.at(1 - ours));
  ::close(control[1]);
  return {base::UniqueFd(pipe.at(ours)), base::UniqueFd(control[0])};
}

[[noreturn]] void give(const Opened& opened) {
  const std::string path = opened.input.fields.str(Tag::PATH);
  const Ends ends = connect(opened.input);
  const base::Status status = give_all(opened.content.get(), ends.pipe.get(), path);
  ::close(opened.input.report);
  // Before the pipe's end, so that who has read to that has the answer.
  answer(ends.control.get(), status, "read");
  _exit(0);
}

[[noreturn]] void take(Opened& opened) {
  const std::string path = opened.input.fields.str(Tag::PATH);
  Ends ends = connect(opened.input);
  base::Status status = take_all(ends.pipe.get(), opened.replacement->fd(), path);
  ends.pipe.reset();  // a client that is still writing is told so
  char order = 0;
  const bool ordered =
      base::retry([&] { return ::read(ends.control.get(), &order, 1); }) == 1 && order == 'c';
  ::alarm(kHangSeconds);
  passed(Step::EDIT_ORDERED);
  if (ordered && status.ok()) {
    status = opened.replacement->commit();
  } else {
    opened.replacement->discard();
  }
  passed(Step::EDIT_REPLACED);
  ::close(opened.input.report);
  answer(ends.control.get(), status, "replace");
  ends.control.reset();  // the client waits for it, and an exit takes longer
  _exit(0);
}

}  // namespace

void run_file(const EditInput& input) {
  begin_child(input);
  Opened opened{.input = input};
  open_file(opened);
  if (const auto status = become_guest(opened); !status.ok()) {
    if (opened.replacement) opened.replacement->discard();
    refuse(input, "enter", status.error());
  }
  if (input.kind == Kind::OPEN) give(opened);
  take(opened);
}

}  // namespace keeper
