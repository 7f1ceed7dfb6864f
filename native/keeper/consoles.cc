#include "keeper/consoles.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "base/retry.h"
#include "keeper/command_socket.h"

#include <fcntl.h>

namespace keeper {
namespace {

std::string name_of(const Message& message) {
  return message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID) + "/" +
         std::to_string(message.fields.number(Tag::TTY));
}

}  // namespace

Consoles::Consoles(Context& context, Containers& containers)
    : context_(context), containers_(containers) {}

void Consoles::open(const Message& message, const Request& request) {
  const std::string key = message.fields.str(Tag::POOL) + ":" + message.fields.str(Tag::ID);
  const auto tty = static_cast<int>(message.fields.number(Tag::TTY));
  const std::string name = name_of(message);
  if (consoles_.contains(name)) return answer(name, request);
  const Container* container = containers_.find(key);
  if (container == nullptr || container->state == State::kStarting) {
    return request.fail({ESRCH, "console", key}, "console", "ERR_CONTAINER_NOT_RUNNING");
  }
  CommandSocket::get_terminal(
      context_.loop, container->plan.lxc_path, container->plan.id, tty,
      [this, name, tty, request](base::Result<base::UniqueFd> terminal, base::UniqueFd connection) {
        if (!terminal.ok()) return request.fail(terminal.error(), "console");
        if (!consoles_.contains(name)) {
          const int fd = terminal->get();
          consoles_[name] = Console{std::move(*terminal), std::move(connection), 0};
          ::fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
          // The console's output comes from its log. Here it only must not pile up: a full
          // pty stops the monitor, and with it the guest's console. Other terminals have no
          // log, so their output is for the client to read.
          if (tty == 0) {
            context_.loop.watch(fd, EPOLLIN, [this, name](uint32_t) { drain(name); });
          }
        }
        answer(name, request);
      });
}

void Consoles::answer(const std::string& name, const Request& request) {
  Console& console = consoles_.at(name);
  console.users++;
  request.reply(request.answer(), {console.terminal.get()});
}

void Consoles::drain(const std::string& name) {
  std::array<char, 16384> bytes;
  const int fd = consoles_.at(name).terminal.get();
  const ssize_t got = base::retry([&] { return ::read(fd, bytes.data(), bytes.size()); });
  if (got > 0 || (got < 0 && errno == EAGAIN)) return;
  release(name);  // the monitor ended
}

void Consoles::release(const std::string& name) {
  const auto it = consoles_.find(name);
  if (it == consoles_.end()) return;
  context_.loop.forget(it->second.terminal.get());
  consoles_.erase(it);
}

void Consoles::close(const Message& message, const Request& request) {
  const std::string name = name_of(message);
  const auto it = consoles_.find(name);
  if (it != consoles_.end() && --it->second.users == 0) release(name);
  request.reply();
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
