// Mutates a frame as what it is: fields stay fields, whatever happens in them, and those that hold
// fields are gone into. Without this, nearly all that a fuzzer tries ends at the first wrong
// length.
#pragma once

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

#include "keeper/message.h"
#include "target.h"

// There is none where inputs are only replayed.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max);

namespace fuzz {

constexpr keeper::Tag kTags[] = {
#define KEEPER_KIND(name, number)
#define KEEPER_TAG(name, number) keeper::Tag::name,
#include "keeper/protocol.def.h"
#undef KEEPER_KIND
#undef KEEPER_TAG
};

constexpr keeper::Kind kKinds[] = {
#define KEEPER_KIND(name, number) keeper::Kind::name,
#define KEEPER_TAG(name, number)
#include "keeper/protocol.def.h"
#undef KEEPER_KIND
#undef KEEPER_TAG
};

class FrameMutator {
 public:
  explicit FrameMutator(unsigned seed) : random_(seed) {}

  // The fields of a frame or of an item; `depth` says how many more levels are gone into.
  std::string fields(std::string_view bytes, int depth) {
    std::vector<Field> list = split(bytes);
    const size_t at = list.empty() ? 0 : below(list.size());
    switch (list.empty() ? 3 : below(8)) {
      case 0:
        list[at].tag = static_cast<uint16_t>(kTags[below(std::size(kTags))]);
        break;
      case 1:
        list.insert(list.begin() + static_cast<ptrdiff_t>(below(list.size() + 1)), list[at]);
        break;
      case 2:
        list.erase(list.begin() + static_cast<ptrdiff_t>(at));
        break;
      case 3:
        list.push_back({static_cast<uint16_t>(kTags[below(std::size(kTags))]),
                        below(2) == 0 ? std::string(8, static_cast<char>(below(4))) : "/a"});
        break;
      case 4:
        std::swap(list[at], list[below(list.size())]);
        break;
      default:
        list[at].bytes = depth > 0 && !split(list[at].bytes).empty()
                             ? fields(list[at].bytes, depth - 1)
                             : mutated(list[at].bytes);
    }
    keeper::Writer writer;
    for (const Field& field : list) writer.put(static_cast<keeper::Tag>(field.tag), field.bytes);
    return writer.bytes();
  }

  std::string frame(std::string_view bytes) {
    if (bytes.size() < 8 || below(16) == 0) return mutated(std::string(bytes));
    std::string head(bytes.substr(0, 8));
    if (below(8) == 0) head[0] = static_cast<char>(kKinds[below(std::size(kKinds))]);
    return head + fields(bytes.substr(8), 2);
  }

  size_t below(size_t limit) { return random_() % limit; }

 private:
  struct Field {
    uint16_t tag;
    std::string bytes;
  };

  static std::vector<Field> split(std::string_view bytes) {
    const auto parsed = keeper::Fields::parse(bytes);
    std::vector<Field> list;
    while (parsed && !bytes.empty()) {
      const auto at = [bytes](size_t i) {
        return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i]));
      };
      const size_t length = at(4) | at(5) << 8 | at(6) << 16 | at(7) << 24;
      list.push_back(
          {static_cast<uint16_t>(at(0) | at(1) << 8), std::string(bytes.substr(8, length))});
      bytes.remove_prefix(8 + length);
    }
    return list;
  }

  static std::string mutated(std::string bytes) {
    const size_t size = bytes.size();
    bytes.resize(size + 64);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, bytes.size()));
    return bytes;
  }

  std::minstd_rand random_;
};

// For a target whose input is one frame.
inline size_t mutate_frame(uint8_t* data, size_t size, size_t max, unsigned seed) {
  const std::string frame = FrameMutator(seed).frame({reinterpret_cast<const char*>(data), size});
  const size_t length = std::min(frame.size(), max);
  std::copy_n(frame.data(), length, data);
  return length;
}

}  // namespace fuzz

#define FUZZ_FRAMES                                                                       \
  extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max,       \
                                            unsigned seed);                               \
  size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max, unsigned seed) { \
    return fuzz::mutate_frame(data, size, max, seed);                                     \
  }
