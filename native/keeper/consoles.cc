#include "keeper/consoles.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/retry.h"
#include "keeper/command_socket.h"
#include "keeper/process.h"
#include "keeper/step.h"

#include <fcntl.h>

namespace keeper {
namespace {

constexpr uint64_t kQuietMs = 100;

std::string name_of(const Message& message) {
  return message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID) + "/" +
         std::to_string(message.fields.number(Tag::TTY));
}

}  // namespace

Consoles::Consoles(Context& context, Containers& containers, Connected connected)
    : context_(context), containers_(containers), connected_(std::move(connected)) {}

void Consoles::open(const Message& message, const Request& request) {
  const std::string key = message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID);
  const auto tty = static_cast<int>(message.fields.number(Tag::TTY));
  const std::string name = name_of(message);
  if (consoles_.contains(name)) return answer(name, request);
  const Container* container = containers_.find(key);
  if (container == nullptr || container->state == State::kStarting) {
    return request.fail({ESRCH, "console", key}, "console", "ERR_CONTAINER_NOT_RUNNING");
  }
  // A monitor gives a terminal to one alone: those who come meanwhile share it.
  asking_[name].push_back(request);
  if (asking_[name].size() > 1) return;
  CommandSocket::get_terminal(
      context_.loop, container->plan.lxc_path, container->plan.id, tty,
      [this, key, name, monitor = container->monitor, started = container->monitor_start_time](
          base::Result<base::UniqueFd> terminal, base::UniqueFd connection) {
        const auto requests = std::move(asking_.extract(name).mapped());
        const auto fail = [&](const base::SysError& error, const char* code) {
          for (const Request& request : requests) request.fail(error, "console", code);
        };
        // It may have ended meanwhile, and another one be there.
        const Container* now = containers_.find(key);
        if (now == nullptr || now->monitor != monitor || now->monitor_start_time != started) {
          return fail({ESRCH, "console", key}, "ERR_CONTAINER_NOT_RUNNING");
        }
        if (!terminal.ok()) return fail(terminal.error(), "");
        if (auto asked = done(Step::CONSOLE_ASKED); !asked.ok()) return fail(asked.error(), "");
        const int fd = terminal->get();
        base::UniqueFd above(::fcntl(connection.get(), F_DUPFD_CLOEXEC, fd + 1));
        consoles_[name] = Console{std::move(above), std::move(*terminal), {}, 0};
        ::fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
        watch(name);
        passed(Step::CONSOLE_KEPT);
        for (const Request& request : requests) answer(name, request);
      });
}

void Consoles::answer(const std::string& name, const Request& request) {
  Console& console = consoles_.at(name);
  if (console.retiring != 0) context_.loop.cancel(std::exchange(console.retiring, 0));
  if (!connected_(request.client())) {
    if (console.users.empty()) retire_soon(name, kQuietMs);
    return;
  }
  console.users.insert(request.client());
  request.reply(request.answer(), {console.terminal.get()});
}

// The console's output comes from its log. Here it only must not pile up: a full pty stops the
// monitor, and with it the guest's console. Other terminals have no log, so their output is for the
// client to read.
void Consoles::watch(const std::string& name) {
  if (!name.ends_with("/0")) return;
  context_.loop.watch(consoles_.at(name).terminal.get(), EPOLLIN,
                      [this, name](uint32_t) { drain(name); });
}

void Consoles::drain(const std::string& name) {
  std::array<char, 16384> bytes;
  const int fd = consoles_.at(name).terminal.get();
  const ssize_t got = base::retry([&] { return ::read(fd, bytes.data(), bytes.size()); });
  if (got > 0 || (got < 0 && errno == EAGAIN)) return;
  release(name);  // the monitor ended
}

// liblxc's monitor dies (5.0.2, SIGSEGV) when it learns in one turn of its loop first that the
// connection is gone, which frees the proxy, and then that there was something to read from the
// proxy. So the connection goes while the monitor sleeps, long after the last key; and the
// terminal, whose end is an event for the proxy too, goes later still.
void Consoles::retire(const std::string& name) {
  Console& console = consoles_.at(name);
  console.retiring = 0;
  const std::string key = name.substr(0, name.rfind('/'));
  const Container* container = containers_.find(key);
  const auto stat = container == nullptr ? std::nullopt : process_stat(container->monitor);
  if (holds_on_ || (stat && stat->state != 'S')) {
    return retire_soon(name, kQuietMs);
  }
  console.connection.reset();
  const int fd = console.terminal.get();
  auto terminal = std::make_shared<base::UniqueFd>(std::move(console.terminal));
  consoles_.erase(name);
  context_.loop.forget(fd);
  closing_++;
  context_.loop.after(kQuietMs, [this, terminal] {
    terminal->reset();
    closing_--;
  });
}

void Consoles::release(const std::string& name) {
  const auto it = consoles_.find(name);
  if (it == consoles_.end()) return;
  if (it->second.retiring != 0) context_.loop.cancel(it->second.retiring);
  context_.loop.forget(it->second.terminal.get());
  consoles_.erase(it);
}

void Consoles::close(const Message& message, const Request& request) {
  const std::string name = name_of(message);
  const auto it = consoles_.find(name);
  if (it != consoles_.end()) {
    auto& users = it->second.users;
    const auto user = users.find(request.client());
    if (user != users.end()) {
      users.erase(user);
      if (users.empty()) retire_soon(name, kQuietMs);
    }
  }
  request.reply();
}

void Consoles::client_gone(uint64_t client) {
  for (auto& [name, console] : consoles_) {
    if (console.users.erase(client) > 0 && console.users.empty()) retire_soon(name, kQuietMs);
  }
}

void Consoles::retire_soon(const std::string& name, uint64_t milliseconds) {
  consoles_.at(name).retiring = context_.loop.after(milliseconds, [this, name] { retire(name); });
}

void Consoles::hold_on(bool hold) {
  holds_on_ = hold;
  CommandSocket::hurry(hold);
}

bool Consoles::settled() const {
  return closing_ == 0 && CommandSocket::pending() == 0;
}

void Consoles::hand_over(Handover& to) const {
  for (const auto& [name, console] : consoles_) {
    Writer frame(Kind::CONSOLE, 0);
    frame.put(Tag::PATH, name);
    to.give(frame, console.connection);
    to.give(frame, console.terminal);
    // A client may have it open more often than a frame has fields.
    Writer users;
    for (auto it = console.users.begin(); it != console.users.end();) {
      const size_t count = console.users.count(*it);
      users.number(Tag::CLIENT, *it).number(Tag::SIZE, count);
      std::advance(it, count);
    }
    frame.put(Tag::DATA, users);
    put_timer(frame, Tag::TIMEOUT_MS, context_.loop, console.retiring);
    to.put(frame);
  }
}

void Consoles::take_over(const Takeover& from) {
  for (const Message& message : from.all()) {
    if (message.kind != Kind::CONSOLE) continue;
    const std::string name = message.fields.str(Tag::PATH);
    Given given(message.fields);
    Console& console = consoles_[name];
    console.connection = given.take();
    console.terminal = given.take();
    if (const auto users = Fields::parse(message.fields.text(Tag::DATA)); users) {
      const auto clients = users->numbers(Tag::CLIENT);
      const auto counts = users->numbers(Tag::SIZE);
      for (size_t i = 0; i < std::min(clients.size(), counts.size()); i++) {
        for (uint64_t n = 0; n < counts[i]; n++) console.users.insert(clients[i]);
      }
    }
    watch(name);
    if (message.fields.has(Tag::TIMEOUT_MS)) {
      retire_soon(name, message.fields.number(Tag::TIMEOUT_MS));
    }
  }
}

void Consoles::container_ended(const std::string& key) {
  const std::string prefix = key + "/";
  for (auto it = consoles_.lower_bound(prefix);
       it != consoles_.end() && it->first.starts_with(prefix);) {
    const std::string name = it->first;
    ++it;
    release(name);
  }
}

}  // namespace keeper
