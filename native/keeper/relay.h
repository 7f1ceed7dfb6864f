// What stands between the pipes of a guest's program and everybody else. Who shares a pipe with a
// guest waits for it: splice(2) holds the pipe's lock for as long as a socket where nothing comes,
// or a filesystem that does not answer, takes, and a read, a write or the last close of the other
// end waits for that lock beyond every signal. So nobody has the host's ends but a process that
// does nothing else: it passes on what comes, by sockets, to the library and the keeper.
#pragma once

#include <string_view>
#include <vector>

#include "base/fd.h"
#include "cgroup/hierarchy.h"

namespace keeper {

// What it says when all of its streams have ended and it can be given others.
constexpr std::string_view kRelayed = "done";

// What a program's output begins with in the other direction, and keeps until its end.
constexpr std::string_view kUnfinished = "u";

// The work of a spare child. A job names its streams by letters, `i` for what goes to the program
// and `o` for what comes from it, and brings a pipe and a socket for each. It never comes back.
void run_relay(const cgroup::Hierarchies& hierarchies, std::string_view job,
               std::vector<base::UniqueFd> fds, base::UniqueFd keeper);

}  // namespace keeper
