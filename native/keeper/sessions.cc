#include "keeper/sessions.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/file.h"
#include "base/random.h"
#include "base/retry.h"
#include "keeper/channel.h"
#include "keeper/payload_cgroups.h"
#include "keeper/process.h"
#include "keeper/session_child.h"
#include "keeper/session_streams.h"
#include "keeper/step.h"
#include "ns/pidfd.h"

namespace keeper {
namespace {

constexpr uint64_t kDeadlineMs = 30'000;
constexpr std::string_view kLeafPrefix = "osctl.session-";
// Of one container: more than a keeper makes, less than what its guest can.
constexpr int kMaxEntries = 10'000;

bool has_nul(const std::vector<std::string>& strings) {
  return std::any_of(strings.begin(), strings.end(),
                     [](const std::string& s) { return s.find('\0') != std::string::npos; });
}

}  // namespace

Sessions::Sessions(Context& context, Containers& containers, const Known& known)
    : context_(context),
      containers_(containers),
      orphans_(context, {.catch_up = [this] { read_reports(); },
                         .known = [this, known](pid_t pid) { return has(pid) || known(pid); },
                         .again = [this] { reap_held(); }}) {}

bool Sessions::has(pid_t pid) const {
  return std::any_of(sessions_.begin(), sessions_.end(), [pid](const auto& s) {
    // One that has ended was waited for, and its number may be another one's by now.
    return (s.second->pid == pid && !s.second->status) || s.second->entry == pid ||
           s.second->silent == pid;
  });
}

bool Sessions::has(std::string_view cgroup) const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [cgroup](const auto& s) { return s.second->cgroup == cgroup; });
}

size_t Sessions::running() const {
  return static_cast<size_t>(std::count_if(sessions_.begin(), sessions_.end(), [](const auto& s) {
    return !s.second->status.has_value();
  }));
}

void Sessions::exec(const Message& message, const Request& request) {
  const Fields& fields = message.fields;
  const std::string key = fields.str(Tag::POOL) + ":" + fields.str(Tag::ID);
  const Container* container = containers_.find(key);
  if (container == nullptr || container->state == State::kStarting || container->over ||
      !container->init_fd.valid()) {
    return request.fail({ESRCH, "exec", key}, "exec", "ERR_CONTAINER_NOT_RUNNING");
  }
  // A guest may make any cgroup below its own, and would own the one that it made before us.
  const std::string leaf =
      std::string(kLeafPrefix) + std::to_string(next_) + "-" + base::random_digits();
  const SessionPlace place{.payload = container->plan.cgroup + "/" + kPayloadCgroup,
                           .leaf = leaf,
                           .filter = container->filter,
                           .init = container->init};
  const auto args = fields.strings(Tag::ARG);
  if (args.empty() || args[0].empty() || has_nul(args) || has_nul(fields.strings(Tag::ENV)) ||
      has_nul({fields.str(Tag::CWD)})) {
    return request.fail({EINVAL, "exec", key}, "exec");
  }
  // setresuid(2) takes the last one for "leave it", and then the program would be root.
  constexpr uint64_t kLastId = UINT32_MAX - 1;
  if (fields.number(Tag::UID) > kLastId || fields.number(Tag::GID) > kLastId) {
    return request.fail({EINVAL, "exec", key}, "user");
  }
  if (running() == kMaxSessions || context_.relays.too_many_left(key)) {
    return request.fail({EAGAIN, "exec", key}, "exec");
  }

  auto made = std::make_unique<Session>();
  Session& session = *made;
  session.id = next_++;
  session.pool = container->plan.pool;
  session.container = container->plan.id;
  session.args = args;
  session.init = container->init;
  session.cgroup = place.payload + "/" + place.leaf;
  session.tty = fields.has(Tag::ROWS);
  session.waiting = request;
  session.linger_ms = session.tty ? 0 : fields.number(Tag::LINGER_MS);

  auto made_streams = session.tty ? make_terminal() : make_pipes(fields, container->plan.rootfs);
  if (!made_streams.ok()) return request.fail(made_streams.error(), "streams");
  std::optional<Streams> streams = std::move(*made_streams);
  session.input = std::move(streams->ours[0]);
  session.output = std::move(streams->ours[1]);
  session.errors = std::move(streams->ours[2]);
  if (auto piped = done(Step::EXEC_PIPES); !piped.ok()) {
    return request.fail(piped.error(), "streams");
  }
  std::array<int, 2> report{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report.data()) != 0) {
    return request.fail(base::last_error("socketpair"), "child");
  }
  session.report.reset(report[0]);
  const base::UniqueFd child_end(report[1]);

  std::vector<int> fds = numbers(streams->guest);
  fds.insert(fds.begin(), {child_end.get(), container->init_fd.get()});
  const Writer job = session_job(message.frame, place);
  auto child = context_.spare.begin(job.bytes(), fds, Spare::Where::kAnywhere);
  if (!child.ok()) return request.fail(child.error(), "child");
  if (auto begun = done(Step::EXEC_CHILD); !begun.ok()) {
    orphans_.end(child->pid, std::move(child->pid_fd));
    orphans_.end(session.cgroup);
    return request.fail(begun.error(), "child");
  }
  // After it, so as not to be before it on a processor.
  auto relay = context_.relays.begin(streams->names, numbers(streams->relay));
  if (!relay.ok()) {
    orphans_.end(child->pid, std::move(child->pid_fd));
    orphans_.end(session.cgroup);
    return request.fail(relay.error(), "streams");
  }
  session.relay = std::move(*relay);
  streams.reset();  // from here on a guest could have us wait for its pipes
  child->socket.reset();
  session.entry = child->pid;
  session.entry_fd = std::move(child->pid_fd);
  const uint64_t id = session.id;
  sessions_[id] = std::move(made);
  watch_entry(id);
  watch_relay(id);
  watch_report(id, kDeadlineMs);
}

void Sessions::watch_relay(uint64_t id) {
  const Session& session = *sessions_.at(id);
  if (!session.relay) return;
  context_.loop.watch(session.relay->socket.get(), EPOLLIN, [this, id](uint32_t) {
    Session& carried = *sessions_.at(id);
    const auto done = carried.relay->done();
    if (!done) return;
    context_.loop.forget(carried.relay->socket.get());
    carried.relayed = *done;
    if (*done) context_.relays.give_back(std::move(*carried.relay));
    carried.relay.reset();
    if (carried.status && carried.waiting) over(id);
  });
}

void Sessions::watch_entry(uint64_t id) {
  context_.loop.watch(sessions_.at(id)->entry_fd.get(), EPOLLIN, [this, id](uint32_t) {
    Session& entered = *sessions_.at(id);
    int status = 0;
    if (base::retry([&] { return ::waitpid(entered.entry, &status, 0); }) > 0) {
      entered.entry_status = status;
    }
    context_.loop.forget(entered.entry_fd.get());
    entered.entry_fd.reset();
    entered.entry = -1;
    // What is known of a program that told nothing may have waited for this.
    if (entered.report.valid() && entered.pid <= 0) reported(id);
  });
}

// A program that the guest keeps on a filesystem of its own may never be read.
void Sessions::watch_report(uint64_t id, uint64_t milliseconds) {
  Session& session = *sessions_.at(id);
  session.deadline =
      context_.loop.after(milliseconds, [this, id] { give_up(id, ETIMEDOUT, "ERR_TIMEOUT"); });
  context_.loop.watch(session.report.get(), EPOLLIN, [this, id](uint32_t) { reported(id); });
}

void Sessions::watch_end(uint64_t id) {
  context_.loop.watch(sessions_.at(id)->pid_fd.get(), EPOLLIN, [this, id](uint32_t) { ended(id); });
}

// Its end may come soon, and be the answer.
void Sessions::linger(uint64_t id, uint64_t milliseconds) {
  sessions_.at(id)->deadline = context_.loop.after(milliseconds, [this, id] {
    Session& running = *sessions_.at(id);
    if (running.status) return over(id);
    answer_streams(running, *std::exchange(running.waiting, {}));
  });
}

// Answers at once, and leaves to itself what the guest may keep from ending.
void Sessions::give_up(uint64_t id, int errnum, const char* code) {
  Session& session = *sessions_.at(id);
  leave(session);
  session.waiting->fail({errnum, "exec", session.args[0]}, "exec", code);
  const std::string cgroup = session.cgroup;
  remove(id);
  orphans_.end(cgroup);
}

void Sessions::remove_left() {
  const cgroup::Hierarchy* unified = context_.hierarchies.unified();
  if (unified == nullptr) return;
  for (const std::string& payload : containers_.payloads()) {
    auto fd = base::open_at(unified->dir.get(), payload, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!fd.ok()) continue;
    DIR* directory = ::fdopendir(fd->release());
    if (directory == nullptr) continue;
    for (int entries = 0; entries < kMaxEntries; entries++) {
      const dirent* entry = ::readdir(directory);
      if (entry == nullptr) break;
      struct stat info{};
      const std::string cgroup = payload + "/" + entry->d_name;
      // What is ours may be empty, as its program is just about to be born in it.
      if (std::string_view(entry->d_name).starts_with(kLeafPrefix) && !has(cgroup) &&
          ::fstatat(::dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
          info.st_uid == 0) {  // a guest can make such names, but not as the host's root
        orphans_.remove(cgroup);
      }
    }
    ::closedir(directory);
  }
}

void Sessions::abort(const Request& request, uint32_t exec_request) {
  for (auto& [id, session] : sessions_) {
    if (!session->waiting || session->waiting->id() != exec_request ||
        session->waiting->client() != request.client()) {
      continue;
    }
    give_up(id, ECANCELED, "ERR_ABORTED");
    return request.reply();
  }
  request.fail({ENOENT, "abort", ""});
}

// The program and all that it has started; the session stays, as its end is still to be told.
void Sessions::kill(const Message& message, const Request& request) {
  const Session* session = find(message, request);
  if (session == nullptr) return;
  if (session->pid_fd.valid() && !session->status) {
    (void)ns::pidfd_send_signal(session->pid_fd.get(), SIGKILL);
  }
  orphans_.end(session->cgroup);
  request.reply();
}

const Container* Sessions::running_container(const Session& session) const {
  const Container* container = containers_.find(session.pool + ":" + session.container);
  const bool same = container != nullptr && container->init == session.init;
  return same && container->init_fd.valid() ? container : nullptr;
}

bool Sessions::init_ended(const Session& session) const {
  const Container* container = running_container(session);
  if (container == nullptr) return true;
  pollfd state{container->init_fd.get(), POLLIN, 0};
  return ::poll(&state, 1, 0) == 1;
}

// When it shuts down, systemd waits for a child's end before it looks whether all processes have
// gone, and for ten seconds where none of the last ones is its own: ours are not.
void Sessions::wake_init(const Session& session) const {
  const Container* container = running_container(session);
  if (container == nullptr || container->notify_path.empty()) return;  // or it is none
  (void)ns::pidfd_send_signal(container->init_fd.get(), SIGCHLD);
}

// Nothing, when somebody killed it on the way in; the program's pid; how it failed; or both, in
// this order; or the pid of a program that was killed before it could tell that. Then the end: it
// was executed, or everybody has gone.
void Sessions::reported(uint64_t id) {
  Session& session = *sessions_.at(id);
  auto received = receive(session.report.get());
  if (!received.ok() && received.error().errnum == EAGAIN) return;
  const auto message = received.ok() ? Message::parse(received->bytes) : std::optional<Message>();
  if (message && message->kind == Kind::REPLY) {
    session.pid = static_cast<pid_t>(message->fields.number(Tag::PID));
    auto fd = ns::pidfd_open(session.pid);
    if (fd.ok()) session.pid_fd = std::move(*fd);
    // Nobody could see its end: then it must not go on.
    else
      session.unseen = fd.error().errnum;
    return;
  }
  if (message && message->fields.has(Tag::PID)) {
    // It may have been killed just after it told that.
    if (session.pid <= 0) session.silent = static_cast<pid_t>(message->fields.number(Tag::PID));
    return;
  }
  if (message) {
    session.failure.put(Tag::STEP, message->fields.text(Tag::STEP));
    session.failure.number(Tag::ERRNO, message->fields.number(Tag::ERRNO));
    session.failure.put(Tag::SYSCALL, message->fields.text(Tag::SYSCALL));
    session.failure.put(Tag::PATH, message->fields.text(Tag::PATH));
    return;
  }
  context_.loop.forget(session.report.get());
  const bool told = session.pid > 0 || !session.failure.bytes().empty();
  // The one that leads in is about to end, and then it can be told how.
  if (!told && session.entry_fd.valid()) return;
  session.report.reset();
  context_.loop.cancel(session.deadline);
  if (session.pid_fd.valid() && session.failure.bytes().empty()) return begun(id);
  failed(id);
}

// A program tells its pid before it can end by itself.
void Sessions::read_reports() {
  std::vector<uint64_t> begun;
  for (const auto& [id, session] : sessions_) {
    if (session->report.valid() && session->pid <= 0) begun.push_back(id);
  }
  for (const uint64_t id : begun) reported(id);
}

void Sessions::reap_held() {
  std::vector<uint64_t> held;
  for (const auto& [id, session] : sessions_) {
    if (session->held) held.push_back(id);
  }
  for (const uint64_t id : held) ended(id);
}

std::string Sessions::end_of_silent(const Session& session) {
  if (session.silent > 0) {
    int status = 0;
    const auto wait = [&] { return ::waitpid(session.silent, &status, WNOHANG | __WALL); };
    return silent_end("the program", base::retry(wait) > 0 ? std::optional(status) : std::nullopt);
  }
  return silent_end("the process on the way in", session.entry_status);
}

void Sessions::failed(uint64_t id) {
  Session& session = *sessions_.at(id);
  const bool gone = init_ended(session);
  leave(session);
  if (session.unseen != 0) {
    session.waiting->fail({session.unseen, "pidfd_open", session.args[0]}, "exec");
  } else if (session.failure.bytes().empty()) {
    session.waiting->fail({ECHILD, "exec", session.args[0]}, "exec", "", end_of_silent(session));
  } else if (gone) {
    // Whatever failed, this is why: a fork into a dying pid namespace, for one, says ENOMEM.
    session.waiting->fail({ESRCH, "exec", session.pool + ":" + session.container}, "exec",
                          "ERR_CONTAINER_NOT_RUNNING");
  } else {
    Writer frame(Kind::ERROR, session.waiting->id());
    session.waiting->reply(frame.join(session.failure));
  }
  remove(id);
}

void Sessions::begun(uint64_t id) {
  Session& session = *sessions_.at(id);
  watch_end(id);
  passed(Step::EXEC_BEGUN);
  if (session.linger_ms == 0) {
    context_.spare.refill();
    return answer_streams(session, *std::exchange(session.waiting, {}));
  }
  linger(id, session.linger_ms);
}

void Sessions::ended(uint64_t id) {
  Session& session = *sessions_.at(id);
  int status = 0;
  context_.loop.forget(session.pid_fd.get());
  const pid_t reaped = base::retry([&] { return ::waitpid(session.pid, &status, WNOHANG); });
  session.held = reaped == 0;
  if (session.held) return;
  session.status = status;
  passed(Step::EXEC_REAPED);
  wake_init(session);
  leave(session);
  // What it has printed may still be on its way.
  if (!session.waiting || !session.relay) over(id);
}

void Sessions::over(uint64_t id) {
  Session& session = *sessions_.at(id);
  if (session.waiting) {
    context_.loop.cancel(session.deadline);
    const Request request = *std::exchange(session.waiting, {});
    if (answer_finished(session, request)) return remove(id);
    answer_streams(session, request);
  }
  // A daemon that it has left behind lives on in there.
  orphans_.remove(session.cgroup);
  context_.events.emit("session", session.pool, session.container, [&](Writer& w) {
    w.number(Tag::SESSION, id).number(Tag::STATUS, static_cast<uint64_t>(*session.status));
  });
  forget_oldest();
}

void Sessions::forget_oldest() {
  size_t ended = sessions_.size() - running();
  for (auto it = sessions_.begin(); it != sessions_.end() && ended > kMaxEnded;) {
    const uint64_t id = it->first;
    const bool done = it->second->status.has_value();
    ++it;
    if (!done) continue;
    remove(id);
    ended--;
  }
}

// It was perhaps the last that its container was started for. Those that are on their way in count.
void Sessions::leave(const Session& session) {
  if (running_container(session) == nullptr) return;
  const bool others = std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& one) {
    return one.first != session.id && one.second->init == session.init && !one.second->status;
  });
  if (!others) containers_.end_programs(session.pool + ":" + session.container);
}

void Sessions::remove(uint64_t id) {
  context_.spare.refill();
  Session& session = *sessions_.at(id);
  if (!session.status) leave(session);
  if (session.report.valid()) context_.loop.forget(session.report.get());
  if (session.pid_fd.valid()) context_.loop.forget(session.pid_fd.get());
  if (session.relay) {
    context_.loop.forget(session.relay->socket.get());
    context_.relays.leave(std::move(*session.relay), session.pool + ":" + session.container);
  }
  context_.loop.cancel(session.deadline);
  if (session.entry_fd.valid()) {
    context_.loop.forget(session.entry_fd.get());
    orphans_.end(session.entry, std::move(session.entry_fd));
  }
  if (session.pid > 0 && !session.status) orphans_.end(session.pid, std::move(session.pid_fd));
  const std::string cgroup = session.cgroup;
  const bool untold = session.pid <= 0 || session.unseen != 0;
  sessions_.erase(id);
  untold ? orphans_.end(cgroup) : orphans_.remove(cgroup);
  passed(Step::EXEC_REMOVED);
}

}  // namespace keeper
