// A frame: what parses can be written again, and is the same then.

#include "keeper/message.h"

#include "frames.h"
#include "target.h"

using keeper::Fields;
using keeper::Message;
using keeper::Tag;
using keeper::Writer;

namespace {

void read_all(const Fields& fields, std::string_view bytes, int depth) {
  size_t total = 0;
  for (const Tag tag : fuzz::kTags) {
    const auto found = fields.all(tag);
    CHECK(fields.has(tag) == !found.empty());
    CHECK(fields.text(tag) == (found.empty() ? std::string_view() : found[0]));
    CHECK(fields.strings(tag).size() == found.size());
    CHECK(found.empty() || found[0].size() == 8 || fields.number(tag, 77) == 77);
    for (const std::string_view value : found) {
      total += 8 + value.size();
      CHECK(value.empty() || (value.data() >= bytes.data() &&
                              value.data() + value.size() <= bytes.data() + bytes.size()));
    }
  }
  CHECK(total <= bytes.size());
  if (depth == 3) return;
  for (const std::string_view item : fields.all(Tag::ITEM)) {
    if (const auto inner = Fields::parse(item)) read_all(*inner, item, depth + 1);
  }
}

}  // namespace

FUZZ_FRAMES

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const auto message = Message::parse(frame);
  if (!message) return 0;
  CHECK(message->frame == frame);
  read_all(message->fields, frame.substr(8), 0);
  Writer again(message->kind, message->id);
  again.append_fields(frame);
  CHECK(again.bytes() == frame);
  return 0;
}
