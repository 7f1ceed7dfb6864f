// Programs in containers, as one program leaves them to the next in the same process.

#include "keeper/handover.h"
#include "keeper/sessions.h"

namespace keeper {

void Sessions::hand_over(Handover& to, Writer& keeper) {
  keeper.number(Tag::SESSION, next_);
  orphans_.hand_over(to);
  context_.relays.hand_over(to);
  for (const auto& [id, session] : sessions_) {
    Writer frame(Kind::EXEC, 0);
    frame.number(Tag::SESSION, id);
    frame.put(Tag::POOL, session->pool).put(Tag::ID, session->container);
    frame.put(Tag::CGROUP, session->cgroup).number(Tag::TTY, session->tty ? 1 : 0);
    Writer args;  // as many as a frame has fields
    for (const std::string& arg : session->args) args.put(Tag::ARG, arg);
    frame.put(Tag::ARG, args).put(Tag::DETAIL, session->failure);
    frame.number(Tag::FORCE, session->held ? 1 : 0);
    frame.number(Tag::ERRNO, static_cast<uint64_t>(session->unseen));
    frame.number(Tag::PID, static_cast<uint64_t>(session->pid));
    frame.number(Tag::INIT_PID, static_cast<uint64_t>(session->entry));
    if (session->entry_status) {
      frame.number(Tag::REASON, static_cast<uint64_t>(*session->entry_status));
    }
    if (session->silent > 0) frame.number(Tag::OP, static_cast<uint64_t>(session->silent));
    frame.number(Tag::FROM, static_cast<uint64_t>(session->init));
    for (const base::UniqueFd* fd : {&session->pid_fd, &session->entry_fd, &session->report,
                                     &session->input, &session->output, &session->errors}) {
      to.give(frame, *fd);
    }
    to.give(frame, session->relay ? session->relay->socket.get() : -1);
    if (session->relay) {
      frame.number(Tag::MONITOR_PID, static_cast<uint64_t>(session->relay->pid));
    }
    frame.number(Tag::TO, session->relayed ? 1 : 0);
    if (session->status) frame.number(Tag::STATUS, static_cast<uint64_t>(*session->status));
    put_waiting(frame, session->waiting);
    frame.number(Tag::LINGER_MS, session->linger_ms);
    put_timer(frame, Tag::TIMEOUT_MS, context_.loop, session->deadline);
    to.put(frame);
  }
}

void Sessions::take_over(const Takeover& from, const Takeover::RequestOf& request_of) {
  if (const Message* keeper = from.find(Kind::HELLO)) next_ = keeper->fields.number(Tag::SESSION);
  for (const Message& message : from.all()) {
    if (message.kind != Kind::EXEC) continue;
    const Fields& fields = message.fields;
    Given given(fields);
    auto made = std::make_unique<Session>();
    Session& session = *made;
    session.id = fields.number(Tag::SESSION);
    session.pool = fields.str(Tag::POOL);
    session.container = fields.str(Tag::ID);
    session.cgroup = fields.str(Tag::CGROUP);
    session.tty = fields.number(Tag::TTY) != 0;
    if (const auto args = Fields::parse(fields.text(Tag::ARG)); args) {
      session.args = args->strings(Tag::ARG);
    }
    session.failure = Writer(fields.text(Tag::DETAIL));
    session.held = fields.number(Tag::FORCE) != 0;
    session.unseen = static_cast<int>(fields.number(Tag::ERRNO));
    session.pid = static_cast<pid_t>(fields.number(Tag::PID));
    session.entry = static_cast<pid_t>(fields.number(Tag::INIT_PID));
    if (fields.has(Tag::REASON)) {
      session.entry_status = static_cast<int>(fields.number(Tag::REASON));
    }
    if (fields.has(Tag::OP)) session.silent = static_cast<pid_t>(fields.number(Tag::OP));
    session.init = static_cast<pid_t>(fields.number(Tag::FROM));
    for (base::UniqueFd* fd : {&session.pid_fd, &session.entry_fd, &session.report, &session.input,
                               &session.output, &session.errors}) {
      *fd = given.take();
    }
    if (auto socket = given.take(); socket.valid()) {
      session.relay = Relay{std::move(socket), static_cast<pid_t>(fields.number(Tag::MONITOR_PID))};
    }
    session.relayed = fields.number(Tag::TO) != 0;
    if (fields.has(Tag::STATUS)) session.status = static_cast<int>(fields.number(Tag::STATUS));
    session.waiting = waiting_in(fields, request_of);
    session.linger_ms = fields.number(Tag::LINGER_MS);
    const uint64_t id = session.id;
    const uint64_t left = fields.number(Tag::TIMEOUT_MS);
    sessions_[id] = std::move(made);
    if (session.entry_fd.valid()) watch_entry(id);
    watch_relay(id);
    if (session.report.valid()) {
      watch_report(id, left);
    } else {
      if (!session.held && !session.status) watch_end(id);
      if (session.waiting) linger(id, left);
    }
  }
  orphans_.take_over(from);
  context_.relays.take_over(from);
}

}  // namespace keeper
