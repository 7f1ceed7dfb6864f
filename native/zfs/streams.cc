#include "zfs/streams.h"

#include "zfs/library.h"

namespace zfs {
namespace {

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

}  // namespace

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
  const auto call =
      options.resumable ? lib.value().core->lzc_receive_resumable : lib.value().core->lzc_receive;
  const int errnum = call(snapshot.c_str(), list.get(), or_null(options.origin),
                          options.force ? abi::B_TRUE : abi::B_FALSE,
                          options.raw ? abi::B_TRUE : abi::B_FALSE, fd);
  if (errnum != 0) return Failure{errnum, "lzc_receive", snapshot, {}, {}, {}};
  return Unit{};
}

}  // namespace zfs
