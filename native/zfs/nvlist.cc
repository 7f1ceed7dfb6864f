#include "zfs/nvlist.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace zfs {
namespace {

constexpr unsigned int kUniqueName = 1;  // NV_UNIQUE_NAME
constexpr int kNative = 0;               // NV_ENCODE_NATIVE
// A list in a list, as deep as the kernel itself goes down for a program.
constexpr int kMaxDepth = 32;

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

// Those of all names, or of these.
Map read_list(const abi::Nvpair& library, abi::nvlist_t* list, int depth,
              const Names* names = nullptr) {
  Map map;
  if (list == nullptr || depth == 0) return map;
  for (abi::nvpair_t* pair = library.nvlist_next_nvpair(list, nullptr); pair != nullptr;
       pair = library.nvlist_next_nvpair(list, pair)) {
    const std::string name = library.nvpair_name(pair);
    if (names != nullptr && std::find(names->begin(), names->end(), name) == names->end()) continue;
    abi::boolean_t truth = abi::B_FALSE;
    int32_t small = 0;
    int64_t number = 0;
    uint64_t count = 0;
    const char* text = nullptr;
    abi::nvlist_t* nested = nullptr;
    switch (library.nvpair_type(pair)) {
      case abi::DATA_TYPE_BOOLEAN:
        map.push_back({name, Flag{}});
        break;
      case abi::DATA_TYPE_BOOLEAN_VALUE:
        if (library.nvpair_value_boolean_value(pair, &truth) == 0) {
          map.push_back({name, truth == abi::B_TRUE});
        }
        break;
      case abi::DATA_TYPE_INT32:
        if (library.nvpair_value_int32(pair, &small) == 0) map.push_back({name, int64_t{small}});
        break;
      case abi::DATA_TYPE_INT64:
        if (library.nvpair_value_int64(pair, &number) == 0) map.push_back({name, number});
        break;
      case abi::DATA_TYPE_UINT64:
        if (library.nvpair_value_uint64(pair, &count) == 0) map.push_back({name, count});
        break;
      case abi::DATA_TYPE_STRING:
        if (library.nvpair_value_string(pair, &text) == 0) map.push_back({name, std::string(text)});
        break;
      case abi::DATA_TYPE_NVLIST:
        if (library.nvpair_value_nvlist(pair, &nested) == 0) {
          map.push_back({name, read_list(library, nested, depth - 1)});
        }
        break;
    }
  }
  return map;
}

}  // namespace

List::List(const abi::Nvpair& library) : library_(library) {
  errnum_ = library_.nvlist_alloc(&list_, kUniqueName, 0);
}

List::List(const abi::Nvpair& library, const Map& entries) : List(library) {
  for (const Entry& entry : entries) add(entry.name, entry.value);
}

List::~List() {
  free();
}

void List::free() {
  if (list_ != nullptr) library_.nvlist_free(list_);
  list_ = nullptr;
}

void List::add(const std::string& name, const Value& value) {
  if (errnum_ != 0) return;
  const char* key = name.c_str();
  errnum_ = std::visit(
      Overloaded{
          [&](Flag) { return library_.nvlist_add_boolean(list_, key); },
          [&](bool truth) {
            return library_.nvlist_add_boolean_value(list_, key,
                                                     truth ? abi::B_TRUE : abi::B_FALSE);
          },
          [&](int64_t number) { return library_.nvlist_add_int64(list_, key, number); },
          [&](uint64_t number) { return library_.nvlist_add_uint64(list_, key, number); },
          [&](const std::string& text) {
            return library_.nvlist_add_string(list_, key, text.c_str());
          },
          [&](const std::vector<std::string>& texts) {
            std::vector<const char*> each;
            each.reserve(texts.size());
            for (const std::string& text : texts) each.push_back(text.c_str());
            return library_.nvlist_add_string_array(list_, key, each.data(),
                                                    static_cast<unsigned int>(each.size()));
          },
          [&](const Map& map) {
            const List nested(library_, map);
            if (!nested.ok()) return nested.errnum_;
            return library_.nvlist_add_nvlist(list_, key, nested.list_);
          },
      },
      value);
}

Failure List::failure(const char* call, std::string_view name) const {
  return {errnum_, call, std::string(name), {}, {}, {}};
}

abi::nvlist_t** List::out() {
  free();
  return &list_;
}

Map List::read() const {
  return read_list(library_, list_, kMaxDepth);
}

Map List::read(const Names& names) const {
  return read_list(library_, list_, kMaxDepth, &names);
}

std::vector<NamedError> List::read_errors() const {
  std::vector<NamedError> errors;
  for (const Entry& entry : read()) {
    const auto* errnum = std::get_if<int64_t>(&entry.value);
    // How many there was no room for stands among them.
    if (errnum != nullptr && entry.name != "N_MORE_ERRORS")
      errors.push_back({entry.name, static_cast<int>(*errnum)});
  }
  return errors;
}

std::string List::packed() {
  char* buffer = nullptr;
  size_t size = 0;
  errnum_ = library_.nvlist_pack(list_, &buffer, &size, kNative, 0);
  if (errnum_ != 0) return {};
  std::string bytes(buffer, size);
  std::free(buffer);
  return bytes;
}

void List::unpack(std::span<char> bytes) {
  errnum_ = library_.nvlist_unpack(bytes.data(), bytes.size(), out(), 0);
}

}  // namespace zfs
