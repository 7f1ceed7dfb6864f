#include "zfs/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/retry.h"
#include "zfs/library.h"

namespace zfs {
namespace {

constexpr int kTruncated = 1040;  // ZFS_ERR_STREAM_TRUNCATED
constexpr size_t kMaxPacked = 65536;
// What a stream begins with, `dmu_replay_record` of OpenZFS's zfs_ioctl.h, has the same size in all
// versions: it is the streams' format.
using Begin = std::array<char, 312>;

abi::lzc_send_flags bits(SendFlags flags) {
  int all = 0;
  if (flags.large_blocks) all |= abi::LZC_SEND_FLAG_LARGE_BLOCK;
  if (flags.embedded) all |= abi::LZC_SEND_FLAG_EMBED_DATA;
  if (flags.compressed) all |= abi::LZC_SEND_FLAG_COMPRESS;
  if (flags.raw) all |= abi::LZC_SEND_FLAG_RAW;
  return static_cast<abi::lzc_send_flags>(all);
}

const char* or_null(const std::optional<std::string>& text) {
  return text.has_value() ? text->c_str() : nullptr;
}

// 0, or why not. libzfs_core would read it, too, and call one that does not come EIO, as if a disk
// were broken.
int read_begin(int fd, Begin& begin) {
  size_t filled = 0;
  while (filled < begin.size()) {
    const ssize_t got =
        base::retry([&] { return ::read(fd, begin.data() + filled, begin.size() - filled); });
    if (got < 0) return errno;
    if (got == 0) return kTruncated;
    filled += static_cast<size_t>(got);
  }
  return 0;
}

}  // namespace

base::Result<Pipe> pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::last_error("pipe2");
  return Pipe{base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

Result<Unit> send(const std::string& snapshot, const std::optional<std::string>& from, int fd,
                  SendFlags flags, const std::optional<Resume>& resume) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const abi::ZfsCore& core = *lib.value().core;
  const int errnum = resume.has_value()
                         ? core.lzc_send_resume(snapshot.c_str(), or_null(from), fd, bits(flags),
                                                resume->object, resume->offset)
                         : core.lzc_send(snapshot.c_str(), or_null(from), fd, bits(flags));
  if (errnum != 0) return Failure{errnum, "lzc_send", snapshot, {}, {}, {}};
  return Unit{};
}

Result<uint64_t> send_space(const std::string& snapshot, const std::optional<std::string>& from,
                            SendFlags flags) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  uint64_t size = 0;
  const int errnum =
      lib.value().core->lzc_send_space(snapshot.c_str(), or_null(from), bits(flags), &size);
  if (errnum != 0) return Failure{errnum, "lzc_send_space", snapshot, {}, {}, {}};
  return size;
}

Result<Unit> receive(const std::string& snapshot, const Map& properties,
                     const ReceiveOptions& options, int fd) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  const List list(*lib.value().nv, properties);
  if (!list.ok()) return list.failure("nvlist_add", snapshot);
  alignas(uint64_t) Begin begin{};
  int errnum = read_begin(fd, begin);
  if (errnum != 0) return Failure{errnum, "read", snapshot, {}, {}, {}};
  List errors(*lib.value().nv);
  uint64_t bytes = 0;
  uint64_t flags = 0;
  // "raw" chooses the newer one of two ioctls, which knows all kinds of streams. The older one
  // takes a stream that goes on, whose beginning is longer, for a broken one.
  errnum = lib.value().core->lzc_receive_one(
      snapshot.c_str(), list.get(), or_null(options.origin),
      options.force ? abi::B_TRUE : abi::B_FALSE, options.resumable ? abi::B_TRUE : abi::B_FALSE,
      abi::B_TRUE, fd, reinterpret_cast<const abi::dmu_replay_record*>(begin.data()), -1, &bytes,
      &flags, nullptr, errors.out());
  std::vector<NamedError> unset = errors.read_errors();
  if (errnum == 0 && unset.empty()) return Unit{};
  const int why = errnum != 0 ? errnum : unset.front().errnum;
  return Failure{why, "lzc_receive", snapshot, {}, std::move(unset), {}};
}

Result<Map> unpack(std::string bytes) {
  Failure failure{E2BIG, "nvlist_unpack", {}, {}, {}, {}};
  if (bytes.size() > kMaxPacked) return failure;
  abi::LibraryInfo why;
  const abi::Nvpair* nv = abi::nvpair(&why);
  if (nv == nullptr) {
    failure.missing = std::move(why);
    return failure;
  }
  List list(*nv);
  list.unpack(bytes);
  if (!list.ok()) return list.failure("nvlist_unpack", {});
  return list.read();
}

}  // namespace zfs
