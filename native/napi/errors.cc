#include "napi/errors.h"

#include "napi/convert.h"
#include "napi/environment.h"

namespace bridge {

Napi::Value to_error(Napi::Env env, const base::SysError& error) {
  return Environment::of(env).new_error(
      env, "SystemError",
      {to_js(env, error.errnum), to_js(env, error.syscall), to_js(env, error.path)});
}

Napi::Value library_missing(Napi::Env env, const std::string& soname, const std::string& reason) {
  return Environment::of(env).new_error(env, "LibraryMissingError",
                                        {to_js(env, soname), to_js(env, reason)});
}

}  // namespace bridge
