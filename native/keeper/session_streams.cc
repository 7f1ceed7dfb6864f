#include "keeper/session_streams.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper/relay.h"

namespace keeper {
namespace {

// As the host counts, what the container calls `id`; its root, where the map does not have it.
uint32_t host_id(const ns::IdMap& map, uint64_t id) {
  for (const ns::IdMapEntry& entry : map) {
    if (id >= entry.ns_id && id - entry.ns_id < entry.count) {
      return entry.host_id + static_cast<uint32_t>(id - entry.ns_id);
    }
  }
  return root_of(map);
}

base::Status make_stream(Streams& streams, size_t number) {
  std::array<int, 2> pipe{};
  std::array<int, 2> sockets{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return base::last_error("pipe2");
  const bool input = number == STDIN_FILENO;
  streams.guest.at(number).reset(pipe.at(input ? 0 : 1));
  streams.pipes.at(number).reset(pipe.at(input ? 1 : 0));
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) != 0) {
    return base::last_error("socketpair");
  }
  streams.sockets.at(number).reset(sockets[0]);
  streams.ours.at(number).reset(sockets[1]);
  streams.names.push_back(input ? 'i' : 'o');
  // Taken by a relay that has come to the end. One that is gone before has not, and unix(7) tells
  // who reads: ECONNRESET, and not the end of the stream.
  if (!input && ::send(sockets[1], kUnfinished.data(), kUnfinished.size(), MSG_NOSIGNAL) < 0)
    return base::last_error("send");
  return base::success();
}

}  // namespace

std::vector<int> Streams::relayed() const {
  std::vector<int> fds;
  for (size_t number = 0; number < pipes.size(); number++) {
    if (!pipes.at(number).valid()) continue;
    fds.insert(fds.end(), {pipes.at(number).get(), sockets.at(number).get()});
  }
  return fds;
}

base::Result<Streams> make_streams(const Fields& exec, const RootfsPlan& rootfs) {
  const uid_t uid = host_id(rootfs.uid_map, exec.number(Tag::UID));
  const gid_t gid = host_id(rootfs.gid_map, exec.number(Tag::GID));
  Streams streams;
  for (size_t number = 0; number < streams.guest.size(); number++) {
    if (number == STDIN_FILENO && exec.number(Tag::STDIN) == 0) {
      streams.guest[0].reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      continue;
    }
    TRY_STATUS(make_stream(streams, number));
    // The program's user owns the pipe, as a guest's /dev/stdout is opened anew by its path. So
    // there may be writers again after the last one has gone.
    if (::fchown(streams.pipes.at(number).get(), uid, gid) != 0) {
      return base::last_error("fchown", "pipe");
    }
  }
  return streams;
}

}  // namespace keeper
