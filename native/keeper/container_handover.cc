// The containers, as one program leaves them to the next in the same process: nothing is begun or
// ended by it, and monitors stay our children.

#include "keeper/containers.h"
#include "keeper/handover.h"

namespace keeper {
namespace {

// Why a start was given up: its answer's code.
const char* code_in(const Fields& fields) {
  for (const char* code : {"ERR_TIMEOUT", "ERR_ABORTED", "ERR_LXC_START"}) {
    if (fields.text(Tag::CODE) == code) return code;
  }
  return nullptr;
}

}  // namespace

void Containers::hand_over(Handover& to) const {
  for (const auto& [lxc_path, fifo] : fifos_) {
    Writer frame(Kind::TELL_STATE, 0);
    frame.put(Tag::LXC_PATH, lxc_path).put(Tag::PATH, fifo.path());
    to.give(frame, fifo.fd());
    to.put(frame);
  }
  for (const auto& [key, ended] : delegated_) {
    Writer frame(Kind::PLAN, 0);
    to.put(frame.put(Tag::ITEM, ended.frame));
  }
  for (const auto& [key, container] : containers_) {
    Writer frame(Kind::START, 0);
    frame.put(Tag::ITEM, container->frame).put(Tag::SECCOMP_FILTER, container->filter);
    frame.number(Tag::STATE, static_cast<uint64_t>(container->state));
    frame.number(Tag::MONITOR_PID, static_cast<uint64_t>(container->monitor));
    frame.number(Tag::TIME, container->monitor_start_time);
    frame.number(Tag::INIT_PID, static_cast<uint64_t>(container->init));
    for (const base::UniqueFd* fd :
         {&container->monitor_fd, &container->init_fd, &container->report, &container->notify}) {
      to.give(frame, *fd);
    }
    frame.number(Tag::MODE, container->ours ? 1 : 0).number(Tag::DONE, container->ready ? 1 : 0);
    frame.put(Tag::NOTIFY_SOCKET, container->notify_path);
    frame.number(Tag::FORCE, container->over ? 1 : 0);
    if (container->exit_status) {
      frame.number(Tag::STATUS, static_cast<uint64_t>(*container->exit_status));
    }
    put_waiting(frame, container->waiting);
    if (container->given_up != nullptr) frame.put(Tag::CODE, container->given_up);
    put_timer(frame, Tag::TIMEOUT_MS, context_.loop, container->deadline);
    put_timer(frame, Tag::LINGER_MS, context_.loop, container->undo);
    frame.number(Tag::SIZE, static_cast<uint64_t>(container->log_offset));
    frame.number(Tag::TYPE, container->announced ? 1 : 0);
    frame.number(Tag::FROM, container->requested_us).number(Tag::TO, container->begun_us);
    to.put(frame);
  }
}

base::Status Containers::take_over(const Takeover& from, const Takeover::RequestOf& request_of) {
  for (const Message& message : from.all()) {
    const Fields& fields = message.fields;
    Given given(fields);
    if (message.kind == Kind::TELL_STATE) {
      const std::string lxc_path = fields.str(Tag::LXC_PATH);
      fifos_.emplace(lxc_path, MonitorFifo(fields.str(Tag::PATH), given.take()));
      watch_fifo(lxc_path);
    }
    if (message.kind != Kind::START && message.kind != Kind::PLAN) continue;
    const auto start = Message::parse(fields.text(Tag::ITEM));
    auto plan = start ? StartPlan::parse(start->fields)
                      : base::Result<StartPlan>(base::SysError{EBADMSG, "plan", ""});
    if (!plan.ok()) return std::move(plan.error());
    if (message.kind == Kind::PLAN) {
      const std::string key = plan->key();
      delegated_[key] = Delegated{std::move(*plan), std::string(start->frame)};
      continue;
    }
    auto made = std::make_unique<Container>();
    Container& container = *made;
    container.plan = std::move(*plan);
    container.frame = start->frame;
    container.filter = fields.str(Tag::SECCOMP_FILTER);
    const uint64_t state = fields.number(Tag::STATE);
    if (state > static_cast<uint64_t>(State::kStopping)) {
      return base::SysError{EBADMSG, "state", container.plan.key()};
    }
    container.state = static_cast<State>(state);
    container.monitor = static_cast<pid_t>(fields.number(Tag::MONITOR_PID));
    container.monitor_start_time = fields.number(Tag::TIME);
    container.init = static_cast<pid_t>(fields.number(Tag::INIT_PID));
    for (base::UniqueFd* fd :
         {&container.monitor_fd, &container.init_fd, &container.report, &container.notify}) {
      *fd = given.take();
    }
    container.ours = fields.number(Tag::MODE) != 0;
    container.ready = fields.number(Tag::DONE) != 0;
    container.notify_path = fields.str(Tag::NOTIFY_SOCKET);
    container.over = fields.number(Tag::FORCE) != 0;
    if (fields.has(Tag::STATUS)) {
      container.exit_status = static_cast<int>(fields.number(Tag::STATUS));
    }
    container.waiting = waiting_in(fields, request_of);
    container.given_up = code_in(fields);
    container.log_offset = static_cast<off_t>(fields.number(Tag::SIZE));
    container.announced = fields.number(Tag::TYPE) != 0;
    container.requested_us = fields.number(Tag::FROM);
    container.begun_us = fields.number(Tag::TO);
    const std::string key = container.plan.key();
    containers_[key] = std::move(made);
    watch(key);
    if (container.state != State::kStarting) watch_init(key);
    if (container.notify.valid()) watch_notify(container);
    if (!fifos_.contains(container.plan.lxc_path)) open_fifo_later(container.plan.lxc_path);
    if (!container.announced && container.state == State::kStarting) announce_soon(key);
    if (fields.has(Tag::TIMEOUT_MS)) expect_running(key, fields.number(Tag::TIMEOUT_MS));
    if (fields.has(Tag::LINGER_MS)) expect_undone(key, fields.number(Tag::LINGER_MS));
  }
  return base::success();
}

}  // namespace keeper
