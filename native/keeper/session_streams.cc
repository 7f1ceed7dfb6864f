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

using Pair = std::array<base::UniqueFd, 2>;

base::Result<Pair> make_pair(int type) {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) != 0) {
    return base::last_error("socketpair");
  }
  return Pair{base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

// Between the relay and us: the relay's end, and ours.
base::Result<Pair> make_sockets(bool output) {
  auto pair = make_pair(SOCK_STREAM);
  // Taken by a relay that has come to the end. One that is gone before has not, and unix(7) tells
  // who reads: ECONNRESET, and not the end of the stream.
  if (pair.ok() && output &&
      ::send((*pair)[1].get(), kUnfinished.data(), kUnfinished.size(), MSG_NOSIGNAL) < 0)
    return base::last_error("send");
  return pair;
}

// The program's user owns the pipe, as a guest's /dev/stdout is opened anew by its path. So there
// may be writers again after the last one has gone.
base::Status make_pipe(Streams& streams, size_t number, uid_t uid, gid_t gid) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::last_error("pipe2");
  const bool input = number == STDIN_FILENO;
  streams.guest.emplace_back(ends.at(input ? 0 : 1));
  streams.relay.emplace_back(ends.at(input ? 1 : 0));
  if (::fchown(ends[0], uid, gid) != 0) return base::last_error("fchown", "pipe");
  auto sockets = make_sockets(!input);
  if (!sockets.ok()) return std::move(sockets.error());
  streams.relay.push_back(std::move((*sockets)[0]));
  streams.ours.at(number) = std::move((*sockets)[1]);
  streams.names.push_back(input ? kInput : kOutput);
  return base::success();
}

}  // namespace

std::vector<int> numbers(const std::vector<base::UniqueFd>& fds) {
  std::vector<int> all;
  all.reserve(fds.size());
  for (const base::UniqueFd& fd : fds) all.push_back(fd.get());
  return all;
}

base::Result<Streams> make_pipes(const Fields& exec, const RootfsPlan& rootfs) {
  const uid_t uid = host_id(rootfs.uid_map, exec.number(Tag::UID));
  const gid_t gid = host_id(rootfs.gid_map, exec.number(Tag::GID));
  Streams streams;
  for (size_t number = 0; number < streams.ours.size(); number++) {
    if (number == STDIN_FILENO && exec.number(Tag::STDIN) == 0) {
      streams.guest.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      continue;
    }
    TRY_STATUS(make_pipe(streams, number, uid, gid));
  }
  return streams;
}

base::Result<Streams> make_terminal() {
  auto channel = make_pair(SOCK_SEQPACKET);
  if (!channel.ok()) return std::move(channel.error());
  auto input = make_sockets(false);
  if (!input.ok()) return std::move(input.error());
  auto output = make_sockets(true);
  if (!output.ok()) return std::move(output.error());
  Streams streams;
  streams.names.push_back(kTerminal);
  streams.guest.push_back(std::move((*channel)[0]));
  streams.relay.push_back(std::move((*channel)[1]));
  for (auto [number, sockets] : {std::pair(0, &*input), std::pair(1, &*output)}) {
    streams.relay.push_back(std::move((*sockets)[0]));
    streams.ours.at(static_cast<size_t>(number)) = std::move((*sockets)[1]);
  }
  return streams;
}

}  // namespace keeper
