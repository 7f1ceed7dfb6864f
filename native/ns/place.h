// A name in a directory whose descriptor is held: resolved once, and whatever is done to the name
// afterwards is done in that directory.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace ns {

// -1 leaves as it is.
struct Owner {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};

struct Place {
  base::UniqueFd dir;  // O_PATH
  std::string name;
};

// The directory of `path`, links followed inside the root, and its last component as it is.
base::Result<Place> open_place(int root, const std::string& path);

// Of a file that gets its real name when it is complete: ".vpsadminos-new-" and 16 digits that
// nobody can guess.
std::string temporary_name();

// Opens our own /proc/self/fd for what follows and returns it. For a process that is about to enter
// a mount namespace where /proc is not its own, or is somebody's trap; not for threads.
base::Result<int> keep_own_proc();

// Opens anew what `fd` names, whatever happened to its path since.
base::Result<base::UniqueFd> reopen(int fd, int flags);

// Gives a file that was opened without a name (O_TMPFILE) one. EEXIST when there is something.
base::Status link_unnamed(int fd, int dir, const std::string& name);

// Before the mode: a change of owner takes setuid away.
base::Status give(int fd, const std::string& path, Owner owner);

// Removes directories that were made, the last one first; one that holds something stays.
void remove_made(std::vector<Place>& made);

}  // namespace ns
