// Arguments in and values out. Types are checked here and nothing else is: ranges,
// names and defaults belong to lib/. A wrong type throws a TypeError that says which
// argument it was, down to the field: "ns.createUserNs.args[0][2].hostId: expected …".
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bridge {

class Args;

// One JavaScript value together with the place it came from. After the first mistake every
// further read gives an empty value, so that a binding reads all its arguments and asks once.
class In {
 public:
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::string string() const;  // without NUL: the kernel would cut it there
  [[nodiscard]] int32_t int32() const;
  [[nodiscard]] uint32_t uint32() const;
  [[nodiscard]] int64_t integer() const;  // a safe integer (below 2^53)
  [[nodiscard]] double number() const;
  [[nodiscard]] uint64_t bigint() const;    // 0 to 2^64 - 1
  [[nodiscard]] int fd() const;             // an integer from 0 on
  [[nodiscard]] std::string bytes() const;  // a copy of a Buffer or Uint8Array
  [[nodiscard]] Napi::Function function() const;
  [[nodiscard]] std::vector<std::string> strings() const;

  // An open handle of type T; a closed one throws ERR_CLOSED. Defined in handle.h.
  template <typename T>
  [[nodiscard]] std::shared_ptr<T> handle() const;

  [[nodiscard]] In operator[](const char* field) const;

  // `null` means "not given"; undefined is a mistake like any other.
  template <typename Read>
  [[nodiscard]] auto nullable(Read read) const -> std::optional<decltype(read(*this))> {
    if (is_null()) return std::nullopt;
    return read(*this);
  }

  template <typename Read>
  [[nodiscard]] auto list(Read read) const -> std::vector<decltype(read(*this))> {
    std::vector<decltype(read(*this))> items;
    const uint32_t length = array_length();
    items.reserve(length);
    for (uint32_t i = 0; i < length && good(); ++i) items.push_back(read(element(i)));
    return items;
  }

  [[nodiscard]] Napi::Value value() const { return value_; }
  [[nodiscard]] Napi::Env env() const;
  [[nodiscard]] bool good() const;
  // Makes a TypeError, or any other error, the pending exception.
  void fail(const char* expected) const;
  void reject(Napi::Value error) const;

 private:
  friend class Args;
  In(Args* args, Napi::Value value, std::string where)
      : args_(args), value_(value), where_(std::move(where)) {}
  [[nodiscard]] uint32_t array_length() const;
  [[nodiscard]] In element(uint32_t index) const;
  [[nodiscard]] int64_t integer_between(int64_t low, int64_t high, const char* expected) const;

  Args* args_;
  Napi::Value value_;
  std::string where_;
};

// The arguments of one call. The function's own name comes with it (see exports.h).
class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info) : info_(info) {}
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  [[nodiscard]] In operator[](size_t index);
  // False: an exception is pending, leave the function with `return {}`.
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  friend class In;
  const Napi::CallbackInfo& info_;
  bool ok_ = true;
};

// "room.function" of the call, for messages and for async resources.
const std::string& function_name(const Napi::CallbackInfo& info);

// A 64-bit identifier or counter that JavaScript must see as a bigint.
struct BigInt {
  uint64_t value = 0;
};

// A buffer of bytes, as opposed to text.
struct Bytes {
  std::string data;
};

// Many numbers as one value: lib/doubles.ts.
inline Bytes doubles(const std::vector<double>& numbers) {
  return {{reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)}};
}

inline Napi::Value to_js(Napi::Env env, base::Unit) {
  return env.Undefined();
}
inline Napi::Value to_js(Napi::Env env, bool value) {
  return Napi::Boolean::New(env, value);
}
inline Napi::Value to_js(Napi::Env env, const std::string& value) {
  return Napi::String::New(env, value);
}
inline Napi::Value to_js(Napi::Env env, std::string_view value) {
  return Napi::String::New(env, value.data(), value.size());
}
inline Napi::Value to_js(Napi::Env env, const char* value) {
  return Napi::String::New(env, value);
}
inline Napi::Value to_js(Napi::Env env, BigInt value) {
  return Napi::BigInt::New(env, value.value);
}
inline Napi::Value to_js(Napi::Env env, const Bytes& value) {
  return Napi::Buffer<char>::Copy(env, value.data.data(), value.data.size());
}
inline Napi::Value to_js(Napi::Env, Napi::Value value) {
  return value;
}
// Every number: a 64-bit one loses digits from 2^53 on, so identifiers go through BigInt.
template <typename Number>
  requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
Napi::Value to_js(Napi::Env env, Number value) {
  return Napi::Number::New(env, static_cast<double>(value));
}
template <typename T>
Napi::Value to_js(Napi::Env env, const std::optional<T>& value) {
  return value.has_value() ? to_js(env, *value) : Napi::Value(env.Null());
}
template <typename T>
Napi::Value to_js(Napi::Env env, const std::vector<T>& items) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), to_js(env, items[i]));
  }
  return array;
}

// A flat record: record(env, "pid", pid, "name", name).
inline void set_fields(Napi::Env, Napi::Object) {}
template <typename T, typename... Rest>
void set_fields(Napi::Env env, Napi::Object object, const char* name, const T& value,
                const Rest&... rest) {
  object.Set(name, to_js(env, value));
  set_fields(env, object, rest...);
}
template <typename... Fields>
Napi::Object record(Napi::Env env, const Fields&... fields) {
  Napi::Object object = Napi::Object::New(env);
  set_fields(env, object, fields...);
  return object;
}

}  // namespace bridge
