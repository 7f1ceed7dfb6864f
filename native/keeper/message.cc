#include "keeper/message.h"

#include <cstring>

namespace keeper {
namespace {

template <typename Int>
void append(std::string& out, Int value) {
  for (size_t i = 0; i < sizeof(Int); i++) out.push_back(static_cast<char>(value >> (8 * i)));
}

template <typename Int>
Int load(std::string_view bytes, size_t at) {
  Int value = 0;
  for (size_t i = 0; i < sizeof(Int); i++) {
    value |=
        static_cast<Int>(static_cast<Int>(static_cast<unsigned char>(bytes[at + i])) << (8 * i));
  }
  return value;
}

constexpr size_t kHeader = 8;  // of a frame and of a field alike

}  // namespace

std::optional<Fields> Fields::parse(std::string_view bytes) {
  Fields result;
  while (!bytes.empty()) {
    if (bytes.size() < kHeader || load<uint16_t>(bytes, 2) != 0) return std::nullopt;
    const auto length = load<uint32_t>(bytes, 4);
    if (length > bytes.size() - kHeader || result.fields_.size() == kMaxFields) return std::nullopt;
    result.fields_.push_back(
        {static_cast<Tag>(load<uint16_t>(bytes, 0)), bytes.substr(kHeader, length)});
    bytes.remove_prefix(kHeader + length);
  }
  return result;
}

const Fields::Field* Fields::find(Tag tag) const {
  for (const Field& field : fields_) {
    if (field.tag == tag) return &field;
  }
  return nullptr;
}

std::string_view Fields::text(Tag tag) const {
  const Field* field = find(tag);
  return field == nullptr ? std::string_view() : field->bytes;
}

uint64_t Fields::number(Tag tag, uint64_t otherwise) const {
  const Field* field = find(tag);
  if (field == nullptr || field->bytes.size() != sizeof(uint64_t)) return otherwise;
  return load<uint64_t>(field->bytes, 0);
}

std::vector<std::string_view> Fields::all(Tag tag) const {
  std::vector<std::string_view> found;
  for (const Field& field : fields_) {
    if (field.tag == tag) found.push_back(field.bytes);
  }
  return found;
}

std::vector<std::string> Fields::strings(Tag tag) const {
  std::vector<std::string> found;
  for (const std::string_view text : all(tag)) found.emplace_back(text);
  return found;
}

std::vector<uint64_t> Fields::numbers(Tag tag) const {
  std::vector<uint64_t> found;
  for (const std::string_view bytes : all(tag)) {
    if (bytes.size() == sizeof(uint64_t)) found.push_back(load<uint64_t>(bytes, 0));
  }
  return found;
}

Writer::Writer(Kind kind, uint32_t id) {
  append(bytes_, static_cast<uint16_t>(kind));
  append(bytes_, uint16_t{0});
  append(bytes_, id);
}

Writer& Writer::put(Tag tag, std::string_view bytes) {
  append(bytes_, static_cast<uint16_t>(tag));
  append(bytes_, uint16_t{0});
  append(bytes_, static_cast<uint32_t>(bytes.size()));
  bytes_.append(bytes);
  return *this;
}

Writer& Writer::number(Tag tag, uint64_t value) {
  std::string bytes;
  append(bytes, value);
  return put(tag, bytes);
}

Writer& Writer::append_fields(std::string_view frame) {
  bytes_.append(frame.substr(kHeader));
  return *this;
}

std::optional<Message> Message::parse(std::string_view frame) {
  if (frame.size() < kHeader || load<uint16_t>(frame, 2) != 0) {
    return std::nullopt;
  }
  auto fields = Fields::parse(frame.substr(kHeader));
  if (!fields) return std::nullopt;
  return Message{static_cast<Kind>(load<uint16_t>(frame, 0)), load<uint32_t>(frame, 4),
                 std::move(*fields), frame};
}

Writer error_frame(uint32_t id, const base::SysError& error, std::string_view step,
                   std::string_view code, std::string_view detail) {
  Writer writer(Kind::ERROR, id);
  writer.number(Tag::ERRNO, static_cast<uint64_t>(error.errnum));
  writer.put(Tag::SYSCALL, error.syscall).put(Tag::PATH, error.path);
  if (!step.empty()) writer.put(Tag::STEP, step);
  if (!code.empty()) writer.put(Tag::CODE, code);
  if (!detail.empty()) writer.put(Tag::DETAIL, detail);
  return writer;
}

}  // namespace keeper
