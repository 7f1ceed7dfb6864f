// What stands between the pipes or the terminal of a guest's program and everybody else. Who shares
// one with a guest waits for it, beyond every signal:
//
// - splice(2) holds the lock of a pipe for as long as a socket where nothing comes, or a filesystem
//   that does not answer, takes; reads, writes and the last close of the other end take that lock;
// - a read or write of a terminal holds its line discipline while the memory that it goes to is
//   fetched, from such a filesystem for one; the last close of the master waits for that.
//
// So nobody has the host's ends but a process that does nothing else: it passes on what comes, by
// sockets, to the library and the keeper.
#pragma once

#include <sys/ioctl.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "cgroup/hierarchy.h"

namespace keeper {

// What it says when all of its streams have ended and it can be given others.
constexpr std::string_view kRelayed = "done";

// What a program's output begins with in the other direction, and keeps until its end.
constexpr std::string_view kUnfinished = "u";

// Names of streams, for a job: what goes to the program and what comes from it, each with a pipe
// and a socket; or a terminal, with where its master will come from, and a socket for each way.
constexpr char kInput = 'i';
constexpr char kOutput = 'o';
constexpr char kTerminal = 't';

// A job without streams: what comes with it is closed when the keeper has let go of this process.
constexpr std::string_view kNothing = "x";

// Tells a relay the size of its terminal's window.
std::string window_message(const winsize& size);

// Tells it that its session is over: what is still on its way to a program goes there as long as
// some of it is read within five seconds, and is dropped then.
constexpr std::string_view kNoInput = "n";

// The work of a spare child. A job is the names of its streams. It never comes back.
void run_relay(const cgroup::Hierarchies& hierarchies, std::string_view job,
               std::vector<base::UniqueFd> fds, base::UniqueFd keeper);

}  // namespace keeper
