// A snapshot as a stream of bytes, out and in. These calls last as long as whoever is at the other
// end of the descriptor takes: each has a thread of its own, and stands in no line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "zfs/failure.h"
#include "zfs/nvlist.h"

namespace zfs {

using base::Unit;

// What the kernel writes into while somebody reads, or reads while somebody writes. It blocks: who
// wants that otherwise for his end says so of it.
struct Pipe {
  base::UniqueFd read;
  base::UniqueFd write;
};
base::Result<Pipe> pipe();

struct SendFlags {
  bool large_blocks = false;
  bool embedded = false;
  bool compressed = false;
  bool raw = false;  // as on the disk, and of what is encrypted without its key
};

// Where a stream that was cut goes on, out of the receiver's token.
struct Resume {
  uint64_t object = 0;
  uint64_t offset = 0;
};

// Writes into the descriptor until the end; EPIPE when nobody reads any more. `from` may be a
// bookmark.
Result<Unit> send(const std::string& snapshot, const std::optional<std::string>& from, int fd,
                  SendFlags flags, const std::optional<Resume>& resume);
// Bytes, estimated.
Result<uint64_t> send_space(const std::string& snapshot, const std::optional<std::string>& from,
                            SendFlags flags);

struct ReceiveOptions {
  std::optional<std::string> origin;  // of a clone
  bool force = false;                 // rolls the dataset back to the stream's beginning
  bool resumable = false;             // what has come stays, with a token in `receive_resume_token`
};
// Reads one stream from the descriptor, and nothing after its end. With `errors`, by property, the
// snapshot has come and these properties have not been set.
Result<Unit> receive(const std::string& snapshot, const Map& properties,
                     const ReceiveOptions& options, int fd);

// What a token of a receive that was cut says, unpacked: "object", "offset", "toname", ….
// E2BIG beyond 64 KiB.
Result<Map> unpack(std::string bytes);

}  // namespace zfs
