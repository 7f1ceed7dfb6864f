// One frame of the keeper's protocol: a kind, a request id and tagged fields.
// SOCK_SEQPACKET keeps frames apart, so a frame needs no length of its own.
//
//   frame = kind:u16  zero:u16  id:u32  field*
//   field = tag:u16   zero:u16  length:u32  bytes
//
// All numbers are little endian. What does not fit this is refused whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace keeper {

constexpr uint64_t kProtocolVersion = 7;
constexpr size_t kMaxFrame = 128 * 1024;
// A frame with what the keeper adds to it for its own children.
constexpr size_t kMaxJob = kMaxFrame + 16 * 1024;
constexpr size_t kMaxFields = 4096;
constexpr size_t kMaxDescriptors = 8;

enum class Kind : uint16_t {
#define KEEPER_KIND(name, number) name = number,
#define KEEPER_TAG(name, number)
#include "keeper/protocol.def.h"
#undef KEEPER_KIND
#undef KEEPER_TAG
};

enum class Tag : uint16_t {
#define KEEPER_KIND(name, number)
#define KEEPER_TAG(name, number) name = number,
#include "keeper/protocol.def.h"
#undef KEEPER_KIND
#undef KEEPER_TAG
};

// Fields, read without copying: views point into the frame they were parsed from.
class Fields {
 public:
  static std::optional<Fields> parse(std::string_view bytes);

  [[nodiscard]] bool has(Tag tag) const { return find(tag) != nullptr; }
  // The first field with this tag, or "" / 0 when there is none.
  [[nodiscard]] std::string_view text(Tag tag) const;
  [[nodiscard]] std::string str(Tag tag) const { return std::string(text(tag)); }
  [[nodiscard]] uint64_t number(Tag tag, uint64_t otherwise = 0) const;
  [[nodiscard]] std::vector<std::string_view> all(Tag tag) const;
  [[nodiscard]] std::vector<std::string> strings(Tag tag) const;
  // Those that are numbers.
  [[nodiscard]] std::vector<uint64_t> numbers(Tag tag) const;

 private:
  struct Field {
    Tag tag;
    std::string_view bytes;
  };
  [[nodiscard]] const Field* find(Tag tag) const;
  std::vector<Field> fields_;
};

class Writer {
 public:
  Writer() = default;  // fields alone, for an ITEM
  Writer(Kind kind, uint32_t id);
  explicit Writer(std::string_view fields) : bytes_(fields) {}
  Writer& put(Tag tag, std::string_view bytes);
  Writer& put(Tag tag, const Writer& item) { return put(tag, std::string_view(item.bytes_)); }
  Writer& number(Tag tag, uint64_t value);
  Writer& join(const Writer& fields) {
    bytes_ += fields.bytes_;
    return *this;
  }
  // The fields of another frame, as they are.
  Writer& append_fields(std::string_view frame);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

struct Message {
  Kind kind;
  uint32_t id;
  Fields fields;
  std::string_view frame;  // the whole of it, as it came
  static std::optional<Message> parse(std::string_view frame);
};

// `code` is one of our own ("" when errno says it all), `detail` free text such as a log's tail.
Writer error_frame(uint32_t id, const base::SysError& error, std::string_view step = {},
                   std::string_view code = {}, std::string_view detail = {});

}  // namespace keeper
