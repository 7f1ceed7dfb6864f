#include "keeper/edits.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/retry.h"
#include "keeper/channel.h"
#include "keeper/edit_child.h"
#include "keeper/file_child.h"
#include "keeper/live_mount.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"
#include "keeper/step.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {
constexpr uint64_t kDeadlineMs = 30'000;
constexpr uint64_t kEndingMs = 20;  // for all of them

[[noreturn]] void run_child(const EditInput& input) {
  switch (input.kind) {
    case Kind::EDIT:
      run_edit(input);
    case Kind::MOUNT:
    case Kind::UNMOUNT:
      run_live_mount(input);
    default:
      run_file(input);
  }
}

bool is_transfer(Kind kind) {
  return kind == Kind::OPEN || kind == Kind::REPLACE;
}

std::vector<std::string> overlays_of(const RootfsPlan& rootfs) {
  std::vector<std::string> all;
  if (rootfs.mode == TreePlan::Mode::kOverlay) all.push_back(rootfs.upper);
  for (const SubMount& mount : rootfs.mounts) {
    if (mount.mode == TreePlan::Mode::kOverlay) all.push_back(mount.upper);
  }
  return all;
}
}  // namespace

Edits::Edits(Context& context, Containers& containers, UsernsCache& userns)
    : context_(context), containers_(containers), userns_(userns) {}

// A mount point of its own: removing one that another child uses would detach it there.
std::string Edits::place_of(uint64_t id) const {
  return context_.options.state_dir + "/rootfs/.edit-" + std::to_string(id);
}

void Edits::run(const Message& message, const Request& request) {
  if (const auto kept = containers_.keep_directories(); !kept.ok()) {
    return request.fail(kept.error(), "directories");
  }
  const uint64_t id = next_++;
  auto made = std::make_unique<Edit>();
  Edit& edit = *made;
  edit.kind = message.kind;
  EditInput input{.fields = message.fields, .kind = message.kind};
  RootfsPlan rootfs;
  const bool live = message.kind == Kind::MOUNT || message.kind == Kind::UNMOUNT;
  if (!live && message.fields.has(Tag::ROOTFS)) {
    auto parsed = RootfsPlan::parse(message.fields.text(Tag::ROOTFS));
    if (!parsed.ok()) return request.fail(parsed.error(), "plan");
    rootfs = std::move(*parsed);
    auto userns = userns_.get(rootfs.uid_map, rootfs.gid_map);
    if (!userns.ok()) return request.fail(userns.error(), "userns");
    let_end(rootfs);
    edit.overlays = overlays_of(rootfs);
    edit.target = place_of(id);
    rootfs.target = edit.target;
    input.rootfs = &rootfs;
    input.userns = *userns;
  } else {
    const std::string key = message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID);
    const Container* container = containers_.find(key);
    if (container == nullptr || !container->init_fd.valid()) {
      return request.fail({ESRCH, "edit", key}, "edit", "ERR_CONTAINER_NOT_RUNNING");
    }
    if (too_many_left(key)) return request.fail({EAGAIN, "edit", key}, "edit");
    edit.container = key;
    input.init_fd = container->init_fd.get();
    input.init = container->init;
    if (live) {
      auto mount = SubMount::parse(message.fields.text(Tag::MOUNT));
      if (!mount.ok()) return request.fail(mount.error(), "plan");
      const RootfsPlan& own = container->plan.rootfs;
      auto userns = userns_.get(own.uid_map, own.gid_map);
      if (!userns.ok()) return request.fail(userns.error(), "userns");
      edit.target = place_of(id);
      rootfs.target = edit.target;
      rootfs.mounts.push_back(std::move(*mount));
      input.live = &rootfs;
      input.userns = *userns;
    }
  }
  std::array<int, 2> report{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report.data()) != 0) {
    return request.fail(base::last_error("socketpair"), "child");
  }
  edit.report.reset(report[0]);
  const base::UniqueFd child_end(report[1]);
  const int size = 512 * 1024;
  ::setsockopt(child_end.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  input.report = child_end.get();
  edit.pid = ::fork();
  if (edit.pid < 0) return request.fail(base::last_error("fork"), "child");
  if (edit.pid == 0) run_child(input);
  passed(Step::EDIT_FORKED);

  auto fd = ns::pidfd_open(edit.pid);
  if (!fd.ok()) {
    ::kill(edit.pid, SIGKILL);  // it has not even begun
    base::retry([&] { return ::waitpid(edit.pid, nullptr, 0); });
    return request.fail(fd.error(), "child");
  }
  edit.waiting = request;
  edit.pid_fd = std::move(*fd);
  edits_[id] = std::move(made);
  watch(id);
  expect_report(id, kDeadlineMs);
}

bool Edits::has(pid_t pid) const {
  return std::any_of(edits_.begin(), edits_.end(),
                     [pid](const auto& edit) { return edit.second->pid == pid; });
}

void Edits::let_end(const Message& start) {
  if (edits_.empty()) return;
  const auto rootfs = RootfsPlan::parse(start.fields.text(Tag::ROOTFS));
  if (rootfs.ok()) let_end(*rootfs);
}

void Edits::let_end(const RootfsPlan& rootfs) {
  const auto overlays = overlays_of(rootfs);
  const uint64_t until = Loop::now_ms() + kEndingMs;
  std::vector<uint64_t> ending;
  for (const auto& [id, edit] : edits_) {
    const auto& theirs = edit->overlays;
    const bool same = std::find_first_of(theirs.begin(), theirs.end(), overlays.begin(),
                                         overlays.end()) != theirs.end();
    if (!same || !is_ending(*edit)) continue;
    pollfd end{.fd = edit->pid_fd.get(), .events = POLLIN, .revents = 0};
    if (base::retry([&] { return ::poll(&end, 1, Loop::ms_until(until)); }) == 1) {
      ending.push_back(id);
    }
  }
  for (const uint64_t id : ending) ended(id);
}

// A transfer lets go of its report when its work is done.
bool Edits::is_ending(const Edit& edit) {
  if (edit.waiting) return false;
  if (!is_transfer(edit.kind)) return true;
  pollfd report{.fd = edit.report.get(), .events = 0, .revents = 0};
  return ::poll(&report, 1, 0) == 1;
}

bool Edits::too_many_left(const std::string& container) const {
  return std::count_if(edits_.begin(), edits_.end(), [&](const auto& edit) {
           return edit.second->container == container && !edit.second->waiting;
         }) >= kMaxLeft;
}

void Edits::watch(uint64_t id) {
  const Edit& edit = *edits_.at(id);
  if (edit.waiting) {
    context_.loop.watch(edit.report.get(), EPOLLIN, [this, id](uint32_t) { reported(id); });
  }
  context_.loop.watch(edit.pid_fd.get(), EPOLLIN, [this, id](uint32_t) { ended(id); });
}

void Edits::expect_report(uint64_t id, uint64_t milliseconds) {
  edits_.at(id)->deadline = context_.loop.after(milliseconds, [this, id] {
    Edit& late = *edits_.at(id);
    if (late.waiting) late.waiting->fail({ETIMEDOUT, "edit", ""}, "edit", "ERR_TIMEOUT");
    late.waiting.reset();
    (void)ns::pidfd_send_signal(late.pid_fd.get(), SIGKILL);
  });
}

void Edits::reported(uint64_t id) {
  Edit& edit = *edits_.at(id);
  auto received = receive(edit.report.get());
  if (!received.ok() && received.error().errnum == EAGAIN) return;
  context_.loop.forget(edit.report.get());
  if (!received.ok() || received->bytes.empty() || !edit.waiting) return;
  const auto message = Message::parse(received->bytes);
  if (!message) return;
  // The child's answer is the client's, under the client's number.
  const Request request = *std::exchange(edit.waiting, std::nullopt);
  Writer frame(message->kind, request.id());
  frame.append_fields(received->bytes);
  std::vector<int> fds;
  for (const auto& fd : received->fds) fds.push_back(fd.get());
  request.reply(frame, fds);
  if (is_transfer(edit.kind)) context_.loop.cancel(edit.deadline);
}

void Edits::ended(uint64_t id) {
  if (edits_.at(id)->waiting) reported(id);
  Edit& edit = *edits_.at(id);
  int status = 0;
  const bool known = base::retry([&] { return ::waitpid(edit.pid, &status, 0); }) > 0;
  if (edit.waiting) {
    const auto how = known ? std::optional(status) : std::nullopt;
    edit.waiting->fail({ECHILD, "edit", ""}, "edit", "", silent_end("the process", how));
  }
  context_.loop.cancel(edit.deadline);
  context_.loop.forget(edit.report.get());
  context_.loop.forget(edit.pid_fd.get());
  passed(Step::EDIT_REAPED);
  if (!edit.target.empty()) unmount_rootfs(edit.target);
  edits_.erase(id);
}

void Edits::hand_over(Handover& to, Writer& keeper) const {
  keeper.number(Tag::OP, next_);
  for (const auto& [id, edit] : edits_) {
    Writer frame(Kind::EDIT, 0);
    frame.number(Tag::OP, id).number(Tag::TYPE, static_cast<uint64_t>(edit->kind));
    frame.number(Tag::PID, static_cast<uint64_t>(edit->pid)).put(Tag::TARGET, edit->target);
    frame.put(Tag::ID, edit->container);
    for (const std::string& overlay : edit->overlays) frame.put(Tag::UPPER, overlay);
    to.give(frame, edit->pid_fd);
    to.give(frame, edit->report);
    put_waiting(frame, edit->waiting);
    put_timer(frame, Tag::TIMEOUT_MS, context_.loop, edit->deadline);
    to.put(frame);
  }
}

void Edits::take_over(const Takeover& from, const Takeover::RequestOf& request_of) {
  if (const Message* keeper = from.find(Kind::HELLO)) next_ = keeper->fields.number(Tag::OP, 1);
  for (const Message& message : from.all()) {
    if (message.kind != Kind::EDIT) continue;
    const Fields& fields = message.fields;
    const uint64_t id = fields.number(Tag::OP);
    Given given(fields);
    auto made = std::make_unique<Edit>();
    made->kind = static_cast<Kind>(fields.number(Tag::TYPE));
    made->pid = static_cast<pid_t>(fields.number(Tag::PID));
    made->target = fields.str(Tag::TARGET);
    made->container = fields.str(Tag::ID);
    made->overlays = fields.strings(Tag::UPPER);
    made->pid_fd = given.take();
    made->report = given.take();
    made->waiting = waiting_in(fields, request_of);
    edits_[id] = std::move(made);
    watch(id);
    if (fields.has(Tag::TIMEOUT_MS)) expect_report(id, fields.number(Tag::TIMEOUT_MS));
  }
}

}  // namespace keeper
