// A snapshot as a stream of bytes, out and in.
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
  bool raw = false;
  bool resumable = false;  // what has come stays, with a token in `receive_resume_token`
};
// Reads one stream from the descriptor.
Result<Unit> receive(const std::string& snapshot, const Map& properties,
                     const ReceiveOptions& options, int fd);

}  // namespace zfs
