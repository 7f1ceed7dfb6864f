// What clients hear of programs in containers, and ask of those that run.

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

#include "base/retry.h"
#include "keeper/sessions.h"

namespace keeper {
namespace {

void put_status(Writer& writer, const Session& session) {
  writer.number(Tag::DONE, session.status ? 1 : 0);
  if (session.status) writer.number(Tag::STATUS, static_cast<uint64_t>(*session.status));
}

}  // namespace

// All that it printed, in the answer itself: when nobody else holds its streams and it fits.
bool Sessions::answer_finished(const Session& session, const Request& request) {
  if (!session.relayed) return false;
  Writer answer = request.answer();
  put_status(answer, session);
  std::array<std::string, 2> printed;
  const std::array<int, 2> fds{session.output.get(), session.errors.get()};
  for (size_t i = 0; i < printed.size(); i++) {
    int size = 0;
    if (::ioctl(fds.at(i), FIONREAD, &size) != 0 || static_cast<size_t>(size) > kMaxFrame / 4) {
      return false;
    }
    printed.at(i).resize(static_cast<size_t>(size));
  }
  for (size_t i = 0; i < printed.size(); i++) {
    std::string& text = printed.at(i);
    size_t used = 0;
    while (used < text.size()) {
      const ssize_t got = base::retry(
          [&] { return ::recv(fds.at(i), text.data() + used, text.size() - used, MSG_DONTWAIT); });
      if (got <= 0) break;
      used += static_cast<size_t>(got);
    }
    text.resize(used);
  }
  request.reply(answer.put(Tag::OUTPUT, printed[0]).put(Tag::ERRORS, printed[1]));
  return true;
}

void Sessions::answer_streams(const Session& session, const Request& request) {
  Writer answer = request.answer();
  answer.number(Tag::SESSION, session.id).number(Tag::PID, static_cast<uint64_t>(session.pid));
  answer.number(Tag::TTY, session.tty ? 1 : 0);
  put_status(answer, session);
  std::string names;
  std::vector<int> fds;
  for (const auto& [name, fd] : {std::pair{'p', &session.pid_fd},
                                 {'i', &session.input},
                                 {'o', &session.output},
                                 {'e', &session.errors}}) {
    if (!fd->valid()) continue;
    names.push_back(name);
    fds.push_back(fd->get());
  }
  request.reply(answer.put(Tag::STREAMS, names), fds);
}

Session* Sessions::find(const Message& message, const Request& request) {
  const uint64_t id = message.fields.number(Tag::SESSION);
  const auto it = sessions_.find(id);
  if (it == sessions_.end() || it->second->waiting) {
    request.fail({ENOENT, "session", std::to_string(id)}, "session", "ERR_SESSION_LOST");
    return nullptr;
  }
  return it->second.get();
}

void Sessions::open(const Message& message, const Request& request) {
  const Session* session = find(message, request);
  if (session != nullptr) answer_streams(*session, request);
}

void Sessions::close(const Message& message, const Request& request) {
  Session* session = find(message, request);
  if (session == nullptr) return;
  if (session->status) {
    remove(session->id);
  } else if (message.fields.number(Tag::FORCE) != 0) {
    const std::string cgroup = session->cgroup;
    remove(session->id);
    orphans_.end(cgroup);
  } else {
    // It runs on without us: what it writes now meets a closed pipe, as after any hang-up.
    session->input.reset();
    session->output.reset();
    session->errors.reset();
  }
  request.reply();
}

void Sessions::close_stdin(const Message& message, const Request& request) {
  Session* session = find(message, request);
  if (session == nullptr) return;
  if (!session->tty) session->input.reset();
  request.reply();
}

void Sessions::resize(const Message& message, const Request& request) {
  const Session* session = find(message, request);
  if (session == nullptr) return;
  if (session->tty && session->relay) {
    const winsize size{static_cast<unsigned short>(message.fields.number(Tag::ROWS)),
                       static_cast<unsigned short>(message.fields.number(Tag::COLS)), 0, 0};
    auto told = session->relay->resize(size);
    // One that has gone has ended the terminal.
    if (!told.ok() && told.error().errnum == EAGAIN) return request.fail(told.error(), "resize");
  }
  request.reply();
}

void Sessions::list(const Request& request) {
  Writer answer = request.answer();
  for (const auto& [id, session] : sessions_) {
    if (session->waiting) continue;
    Writer item;
    item.number(Tag::SESSION, id).put(Tag::POOL, session->pool).put(Tag::ID, session->container);
    item.number(Tag::PID, static_cast<uint64_t>(session->pid));
    item.number(Tag::TTY, session->tty ? 1 : 0);
    for (const std::string& arg : session->args) item.put(Tag::ARG, arg);
    put_status(item, *session);
    // One alone may be as large as the frame that asked for it.
    if (answer.bytes().size() + item.bytes().size() > kMaxFrame / 2) {
      request.reply(answer);
      answer = request.answer();
    }
    answer.put(Tag::ITEM, item);
  }
  request.reply(answer.number(Tag::DONE, 1));
}

}  // namespace keeper
