// Native objects in JavaScript's hands. A handle is an empty JavaScript object with a
// type tag, so that one of another type, or from another instance of the addon, is
// refused and never reinterpreted. Open handles are listed per environment and closed newest
// first when it ends; one that is collected while open closes itself and says so.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "napi/convert.h"

namespace bridge {

class HandleRegistry;

// What JavaScript's object points to. T is shared with the work that uses it, so that a
// handle can be closed while it is busy: T goes away when the last call returns.
class HandleRecord {
 public:
  virtual ~HandleRecord() = default;
  virtual void close() = 0;
  [[nodiscard]] virtual bool open() const = 0;
  [[nodiscard]] virtual const char* type_name() const = 0;

  const HandleRegistry* owner = nullptr;
  HandleRecord* newer = nullptr;
  HandleRecord* older = nullptr;
  bool listed = false;
};

// The open handles of one environment, newest first.
class HandleRegistry {
 public:
  void add(HandleRecord* record);
  void remove(HandleRecord* record);
  void close_all();

 private:
  HandleRecord* newest_ = nullptr;
};

// T says `static constexpr const char* kTypeName = "lxc.Container"`, and may have a
// `void close()` that is called at once, before the last user lets go of it.
template <typename T>
class TypedRecord final : public HandleRecord {
 public:
  explicit TypedRecord(std::shared_ptr<T> object) : object_(std::move(object)) {}
  [[nodiscard]] bool open() const override { return object_ != nullptr; }
  [[nodiscard]] const char* type_name() const override { return T::kTypeName; }
  [[nodiscard]] const std::shared_ptr<T>& object() const { return object_; }
  void close() override {
    const std::shared_ptr<T> object = std::move(object_);
    if constexpr (requires { object->close(); }) {
      if (object != nullptr) object->close();
    }
  }

 private:
  std::shared_ptr<T> object_;
};

// The address is unique among all types of all copies of the addon in this process.
template <typename T>
napi_type_tag type_tag() {
  static const char anchor = 0;
  return {0x7670'7341'646d'696e, reinterpret_cast<uint64_t>(&anchor)};
}

Napi::Value wrap_record(Napi::Env env, std::unique_ptr<HandleRecord> record, napi_type_tag tag);
// Null, with the TypeError pending, when the value is not a handle of that type.
HandleRecord* unwrap_record(const In& in, napi_type_tag tag, const char* type_name);
// Makes ClosedError the pending exception.
void throw_closed(const In& in, const char* type_name);
void close_record(Napi::Env env, HandleRecord* record);

template <typename T>
Napi::Value make_handle(Napi::Env env, std::shared_ptr<T> object) {
  return wrap_record(env, std::make_unique<TypedRecord<T>>(std::move(object)), type_tag<T>());
}

template <typename T>
std::shared_ptr<T> In::handle() const {
  auto* record = static_cast<TypedRecord<T>*>(unwrap_record(*this, type_tag<T>(), T::kTypeName));
  if (record == nullptr) return nullptr;
  if (!record->open()) throw_closed(*this, T::kTypeName);
  return record->object();
}

// Closing twice is fine.
template <typename T>
void close_handle(const In& in) {
  HandleRecord* record = unwrap_record(in, type_tag<T>(), T::kTypeName);
  if (record != nullptr) close_record(in.env(), record);
}

}  // namespace bridge
