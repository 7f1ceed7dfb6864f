#include "keeper/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

namespace keeper {
namespace {

// Ahead of each frame.
constexpr size_t kLength = sizeof(uint32_t);
// Thousands of containers with the largest plans, and all events.
constexpr size_t kMaxSize = 1024 * 1024 * 1024;

}  // namespace

void Handover::put(const Writer& frame) {
  const auto length = static_cast<uint32_t>(frame.bytes().size());
  for (size_t i = 0; i < kLength; i++) bytes_.push_back(static_cast<char>(length >> (8 * i)));
  bytes_ += frame.bytes();
}

void Handover::give(Writer& frame, int fd) {
  // One more, as 0 is none.
  frame.number(Tag::FD, fd < 0 ? 0 : static_cast<uint64_t>(fd) + 1);
  if (fd >= 0) fds_.push_back(fd);
}

base::Result<base::UniqueFd> Handover::write() const {
  base::UniqueFd file(::memfd_create("handover", 0));
  if (!file.valid()) return base::last_error("memfd_create");
  TRY_STATUS(base::write_all(file.get(), bytes_, "handover"));
  return file;
}

void Handover::pass_on(bool outlive) const {
  for (const int fd : fds_) ::fcntl(fd, F_SETFD, outlive ? 0 : FD_CLOEXEC);
}

void put_waiting(Writer& frame, const std::optional<Request>& request) {
  if (request) frame.number(Tag::REQUEST, request->id()).number(Tag::CLIENT, request->client());
}

void put_timer(Writer& frame, Tag tag, const Loop& loop, Loop::Timer timer) {
  if (const auto left = loop.left(timer)) frame.number(tag, *left);
}

base::Result<Takeover> Takeover::read(int fd) {
  if (::lseek(fd, 0, SEEK_SET) != 0) return base::last_error("lseek", "handover");
  auto bytes = base::read_fd(fd, "handover", kMaxSize);
  if (!bytes.ok()) return std::move(bytes.error());
  Takeover result;
  result.bytes_ = std::make_unique<const std::string>(std::move(*bytes));
  std::string_view rest = *result.bytes_;
  while (!rest.empty()) {
    if (rest.size() < kLength) return base::SysError{EBADMSG, "read", "handover"};
    size_t length = 0;
    for (size_t i = 0; i < kLength; i++) {
      length |= static_cast<size_t>(static_cast<unsigned char>(rest[i])) << (8 * i);
    }
    rest.remove_prefix(kLength);
    auto message = length > rest.size() ? std::nullopt : Message::parse(rest.substr(0, length));
    if (!message) return base::SysError{EBADMSG, "read", "handover"};
    result.messages_.push_back(std::move(*message));
    rest.remove_prefix(length);
  }
  return result;
}

const Message* Takeover::find(Kind kind) const {
  for (const Message& message : messages_) {
    if (message.kind == kind) return &message;
  }
  return nullptr;
}

base::UniqueFd Given::take() {
  const uint64_t number = next_ < numbers_.size() ? numbers_[next_++] : 0;
  if (number == 0 || number > INT32_MAX) return {};
  const int fd = static_cast<int>(number) - 1;
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return {};
  return base::UniqueFd(fd);
}

std::optional<Request> waiting_in(const Fields& fields, const Takeover::RequestOf& request_of) {
  if (!fields.has(Tag::REQUEST)) return std::nullopt;
  return request_of(static_cast<uint32_t>(fields.number(Tag::REQUEST)), fields.number(Tag::CLIENT));
}

}  // namespace keeper
