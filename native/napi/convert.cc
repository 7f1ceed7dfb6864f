#include "napi/convert.h"

#include <cmath>
#include <limits>

namespace bridge {

constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;

const std::string& function_name(const Napi::CallbackInfo& info) {
  return *static_cast<const std::string*>(info.Data());
}

In Args::operator[](size_t index) {
  return {this, info_[index],
          ok_ ? function_name(info_) + ".args[" + std::to_string(index) + "]" : ""};
}

Napi::Env In::env() const {
  return args_->info_.Env();
}

bool In::good() const {
  return args_->ok_;
}

void In::fail(const char* expected) const {
  if (!args_->ok_) return;
  args_->ok_ = false;
  Napi::TypeError::New(env(), where_ + ": expected " + expected).ThrowAsJavaScriptException();
}

void In::reject(Napi::Value error) const {
  if (!args_->ok_) return;
  args_->ok_ = false;
  napi_throw(env(), error);
}

bool In::is_null() const {
  return good() && value_.IsNull();
}

bool In::boolean() const {
  if (!good()) return false;
  if (!value_.IsBoolean()) return fail("boolean"), false;
  return value_.As<Napi::Boolean>().Value();
}

std::string In::string() const {
  if (!good()) return {};
  if (!value_.IsString()) return fail("string"), std::string();
  std::string text = value_.As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos) return fail("string without NUL"), std::string();
  return text;
}

double In::number() const {
  if (!good()) return 0;
  if (!value_.IsNumber()) return fail("number"), 0;
  return value_.As<Napi::Number>().DoubleValue();
}

int64_t In::integer_between(int64_t low, int64_t high, const char* expected) const {
  if (!good()) return 0;
  if (!value_.IsNumber()) return fail(expected), 0;
  const double number = value_.As<Napi::Number>().DoubleValue();
  // Written so that NaN fails as well.
  const bool fits = number >= static_cast<double>(low) && number <= static_cast<double>(high);
  if (!fits || std::trunc(number) != number) return fail(expected), 0;
  return static_cast<int64_t>(number);
}

int32_t In::int32() const {
  return static_cast<int32_t>(integer_between(std::numeric_limits<int32_t>::min(),
                                              std::numeric_limits<int32_t>::max(),
                                              "integer of 32 bits"));
}

uint32_t In::uint32() const {
  return static_cast<uint32_t>(
      integer_between(0, std::numeric_limits<uint32_t>::max(), "unsigned integer of 32 bits"));
}

int64_t In::integer() const {
  return integer_between(-kMaxSafeInteger, kMaxSafeInteger, "safe integer");
}

int In::fd() const {
  return static_cast<int>(
      integer_between(0, std::numeric_limits<int>::max(), "file descriptor number"));
}

uint64_t In::bigint() const {
  if (!good()) return 0;
  bool lossless = false;
  uint64_t number = 0;
  if (value_.IsBigInt()) number = value_.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) return fail("unsigned bigint of 64 bits"), 0;
  return number;
}

std::string In::bytes() const {
  if (!good()) return {};
  if (!value_.IsTypedArray() ||
      value_.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return fail("Uint8Array"), std::string();
  }
  const auto array = value_.As<Napi::Uint8Array>();
  return {reinterpret_cast<const char*>(array.Data()), array.ByteLength()};
}

Napi::Function In::function() const {
  if (!good()) return {};
  if (!value_.IsFunction()) return fail("function"), Napi::Function();
  return value_.As<Napi::Function>();
}

std::vector<std::string> In::strings() const {
  return list([](const In& item) { return item.string(); });
}

In In::operator[](const char* field) const {
  if (!good()) return {args_, value_, {}};
  if (!value_.IsObject()) {
    fail("object");
    return {args_, value_, {}};
  }
  // Get() runs a getter when there is one, and that may throw.
  const Napi::Value found = value_.As<Napi::Object>().Get(field);
  if (env().IsExceptionPending()) args_->ok_ = false;
  return {args_, found, where_ + "." + field};
}

uint32_t In::array_length() const {
  if (!good()) return 0;
  if (!value_.IsArray()) return fail("array"), 0;
  return value_.As<Napi::Array>().Length();
}

In In::element(uint32_t index) const {
  const Napi::Value found = value_.As<Napi::Array>().Get(index);
  if (env().IsExceptionPending()) args_->ok_ = false;
  return {args_, found, where_ + "[" + std::to_string(index) + "]"};
}

}  // namespace bridge
