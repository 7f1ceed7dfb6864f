#include "keeper/keeper.h"

#include <unistd.h>

#include "abi/lxc.h"
#include "base/file.h"
#include "keeper/monitor_child.h"
#include "keeper/process.h"
#include "keeper/rootfs.h"
#include "keeper/session_child.h"
#include "keeper/step.h"

namespace keeper {
namespace {

constexpr uint64_t kIdleMs = 5000;
constexpr uint64_t kSettleMs = 1000;

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

void fault(const Message& message, const Request& request) {
  const Fields& fields = message.fields;
  auto armed = arm_step(fields.text(Tag::STEP), fields.text(Tag::OP) == "fail",
                        static_cast<pid_t>(fields.number(Tag::PID)));
  armed.ok() ? request.reply() : request.fail(armed.error(), "fault");
}

}  // namespace

Keeper::Keeper(const Options& options, Log& log, const cgroup::Hierarchies& hierarchies,
               const base::UniqueFd& lock, base::UniqueFd listener)
    : events_([this](std::string_view frame) { server_.broadcast(frame); }),
      spare_(loop_, hierarchies, work),
      relays_(loop_, hierarchies),
      context_{options, loop_, log, events_, hierarchies, spare_, relays_},
      containers_(context_, userns_,
                  [this](const std::string& key) { consoles_.container_ended(key); }),
      consoles_(context_, containers_,
                [this](uint64_t client) { return server_.connected(client); }),
      sessions_(context_, containers_, [this](pid_t pid) { return edits_.has(pid); }),
      edits_(context_, containers_, userns_),
      server_(
          loop_, log, std::move(listener),
          [this](const Message& message, const Request& request, std::vector<base::UniqueFd> fds) {
            dispatch(message, request, std::move(fds));
          },
          [this](uint64_t client) {
            consoles_.client_gone(client);
            if (server_.clients() == 0) leave_when_idle();
          }),
      renewal_(context_, {.listen =
                              [this](bool listen) {
                                server_.listen(listen);
                                consoles_.hold_on(!listen);
                              },
                          .settled = [this] { return consoles_.settled(); },
                          .hand_over = [this](Handover& to) { hand_over(to); }}),
      lock_(lock) {}

void Keeper::adopt() {
  containers_.adopt_all();
  sessions_.remove_left();
  // Some were about to be made when that keeper ended.
  loop_.after(kSettleMs, [this] { sessions_.remove_left(); });
}

base::Status Keeper::take_over(const Takeover& from) {
  const auto request_of = [this](uint32_t id, uint64_t client) {
    return server_.request_of(id, client);
  };
  server_.take_over(from);
  events_.take_over(from);
  TRY_STATUS(containers_.take_over(from, request_of));
  sessions_.take_over(from, request_of);
  edits_.take_over(from, request_of);
  consoles_.take_over(from);
  return base::success();
}

void Keeper::answer_renewal(const Takeover& from) {
  const Message* renewal = from.find(Kind::RENEW);
  if (renewal == nullptr) return;
  const auto request = waiting_in(renewal->fields, [this](uint32_t id, uint64_t client) {
    return server_.request_of(id, client);
  });
  if (request) request->reply(greeting(*request));
}

void Keeper::run() {
  server_.keep(context_.options.state_dir + "/keeper/socket",
               [this] { return containers_.keep_directories(); });
  leave_when_idle();
  loop_.run();
  containers_.take_back();
  containers_.remove_fifos();
}

void Keeper::dispatch(const Message& message, const Request& request,
                      std::vector<base::UniqueFd> fds) {
  switch (message.kind) {
    case Kind::HELLO:
      return hello(message, request);
    case Kind::START:
      edits_.let_end(message);
      return containers_.start(message, request);
    case Kind::ABORT:
      return abort(message, request);
    case Kind::PLAN:
      return containers_.plan_next(message, request);
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
    case Kind::RESIZE:
      return sessions_.resize(message, request);
    case Kind::CONSOLE:
      return consoles_.open(message, request);
    case Kind::CONSOLE_CLOSE:
      return consoles_.close(message, request);
    case Kind::EDIT:
    case Kind::OPEN:
    case Kind::REPLACE:
    case Kind::MOUNT:
    case Kind::UNMOUNT:
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
    case Kind::RENEW:
      return renewal_.begin(request, std::move(fds));
    case Kind::REPLY:
    case Kind::ERROR:
    case Kind::EVENT:
      break;
  }
  request.fail({ENOSYS, "keeper", std::to_string(static_cast<int>(message.kind))});
}

void Keeper::abort(const Message& message, const Request& request) {
  if (message.fields.has(Tag::SESSION)) return sessions_.kill(message, request);
  const auto aborted = static_cast<uint32_t>(message.fields.number(Tag::REQUEST));
  if (!containers_.abort(request, aborted)) sessions_.abort(request, aborted);
}

void Keeper::hello(const Message& message, const Request& request) {
  const uint64_t theirs = message.fields.number(Tag::VERSION);
  if (theirs != kProtocolVersion) {
    return request.fail({EPROTO, "hello", std::to_string(theirs)}, "hello", "ERR_KEEPER_VERSION");
  }
  request.reply(greeting(request));
}

Writer Keeper::greeting(const Request& request) const {
  Writer answer = request.answer();
  answer.number(Tag::VERSION, kProtocolVersion);
  answer.number(Tag::PID, static_cast<uint64_t>(::getpid()));
  answer.put(Tag::EPOCH, events_.epoch()).number(Tag::SEQ, events_.last());
  abi::LibraryInfo why;
  if (abi::lxc(&why) == nullptr) answer.put(Tag::PATH, why.soname).put(Tag::DETAIL, why.reason);
  return answer;
}

void Keeper::hand_over(Handover& to) {
  Writer keeper(Kind::HELLO, 0);
  keeper.put(Tag::EPOCH, events_.epoch()).number(Tag::SEQ, events_.last());
  keeper.number(Tag::FROM, given_descriptor_limit().rlim_cur);
  keeper.number(Tag::TO, given_descriptor_limit().rlim_max);
  server_.hand_over(to, keeper);
  to.give(keeper, lock_);
  containers_.hand_over(to);
  sessions_.hand_over(to, keeper);
  edits_.hand_over(to, keeper);
  consoles_.hand_over(to);
  events_.hand_over(to);
  if (const auto armed = armed_step()) {
    Writer fault(Kind::FAULT, 0);
    fault.put(Tag::STEP, armed->name).put(Tag::OP, armed->fail ? "fail" : "kill");
    to.put(fault.number(Tag::PID, static_cast<uint64_t>(armed->pid)));
  }
  to.put(keeper);
}

void Keeper::subscribe(const Message& message, const Request& request) {
  request.reply();
  if (message.fields.has(Tag::SEQ)) {
    events_.replay(message.fields.text(Tag::EPOCH), message.fields.number(Tag::SEQ),
                   [&](std::string_view event) { request.pass(event); });
  }
  server_.subscribe(request.client());
}

void Keeper::mounts(const Message& message, const Request& request) {
  const bool unmount = message.fields.number(Tag::FORCE) != 0;
  // Several frames when there are many: each but the last says so, and who knows nothing of that
  // has the first.
  Writer answer = request.answer();
  if (unmount) containers_.take_back();
  const auto table = base::read_file("/proc/self/mountinfo", 64 * 1024 * 1024);
  const std::string prefix = " " + context_.options.state_dir + "/rootfs/";
  if (table.ok()) {
    for (size_t at = 0; (at = table->find(prefix, at)) != std::string::npos; at++) {
      const std::string path = table->substr(at + 1, table->find(' ', at + 1) - at - 1);
      if (unmount && containers_.has_rootfs(path)) continue;
      if (unmount) unmount_rootfs(path);
      answer.put(Tag::PATH, path);
      if (answer.bytes().size() > kMaxFrame / 2) {
        request.reply(answer.number(Tag::NEXT, 1));
        answer = request.answer();
      }
    }
  }
  request.reply(answer);
}

void Keeper::shutdown(const Message& message, const Request& request) {
  if (message.fields.number(Tag::FORCE) == 0 && busy()) {
    return request.fail({EBUSY, "shutdown", ""}, "shutdown", "ERR_KEEPER_BUSY");
  }
  request.reply();
  loop_.stop();
}

bool Keeper::busy() const {
  return containers_.count() > 0 || sessions_.running() > 0;
}

void Keeper::leave_when_idle() {
  loop_.after(kIdleMs, [this] {
    if (server_.clients() > 0) return;  // its leaving calls this again
    if (!busy()) return loop_.stop();
    leave_when_idle();
  });
}

}  // namespace keeper
