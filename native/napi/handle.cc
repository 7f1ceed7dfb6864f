#include "napi/handle.h"

#include <string>

#include "napi/environment.h"
#include "napi/errors.h"

namespace bridge {

void HandleRegistry::add(HandleRecord* record) {
  record->older = newest_;
  if (newest_ != nullptr) newest_->newer = record;
  newest_ = record;
  record->listed = true;
}

void HandleRegistry::remove(HandleRecord* record) {
  if (!record->listed) return;
  if (record->newer != nullptr) record->newer->older = record->older;
  if (record->older != nullptr) record->older->newer = record->newer;
  if (newest_ == record) newest_ = record->older;
  record->newer = record->older = nullptr;
  record->listed = false;
}

void HandleRegistry::close_all() {
  while (HandleRecord* record = newest_) {
    remove(record);
    record->close();
  }
}

static void warn_about_collection(Napi::Env env, const char* type_name) {
  const Napi::Value process = env.Global().Get("process");
  if (!process.IsObject()) return;
  const Napi::Value emit = process.As<Napi::Object>().Get("emitWarning");
  if (!emit.IsFunction()) return;
  const std::string message = std::string("Closing a ") + type_name +
                              " on garbage collection: close it, or declare it with `await using`";
  emit.As<Napi::Function>().Call(
      process, {to_js(env, message), to_js(env, "Warning"), to_js(env, "VPSADMINOS_UNCLOSED")});
}

// Runs on the JavaScript thread, outside of the collection itself. When the environment ends it
// runs as well, but close_all() came before, and Environment may be gone: it is not asked then.
static void finalize(napi_env raw, void* data, void*) {
  const std::unique_ptr<HandleRecord> record(static_cast<HandleRecord*>(data));
  if (!record->open()) return;
  const Napi::Env env(raw);
  const Napi::HandleScope scope(env);
  close_record(env, record.get());
  warn_about_collection(env, record->type_name());
}

Napi::Value wrap_record(Napi::Env env, std::unique_ptr<HandleRecord> record, napi_type_tag tag) {
  Napi::Object object = Napi::Object::New(env);
  napi_type_tag_object(env, object, &tag);
  if (napi_wrap(env, object, record.get(), finalize, nullptr, nullptr) != napi_ok) return {};
  HandleRegistry& handles = Environment::of(env).handles;
  record->owner = &handles;
  handles.add(record.release());
  return object;
}

HandleRecord* unwrap_record(const In& in, napi_type_tag tag, const char* type_name) {
  if (!in.good()) return nullptr;
  bool matches = false;
  void* data = nullptr;
  if (!in.value().IsObject() ||
      napi_check_object_type_tag(in.env(), in.value(), &tag, &matches) != napi_ok || !matches ||
      napi_unwrap(in.env(), in.value(), &data) != napi_ok ||
      // The file can be loaded twice into one thread. What belongs to the other instance hangs on
      // pools and queues that this one must not touch.
      static_cast<HandleRecord*>(data)->owner != &Environment::of(in.env()).handles) {
    in.fail((std::string("handle of type ") + type_name).c_str());
    return nullptr;
  }
  return static_cast<HandleRecord*>(data);
}

void throw_closed(const In& in, const char* type_name) {
  in.reject(
      Environment::of(in.env()).new_error(in.env(), "ClosedError", {to_js(in.env(), type_name)}));
}

void close_record(Napi::Env env, HandleRecord* record) {
  Environment::of(env).handles.remove(record);
  record->close();
}

}  // namespace bridge
