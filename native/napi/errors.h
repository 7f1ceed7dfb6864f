// Failures as values become JavaScript errors here, on the JavaScript thread.
#pragma once

#include <napi.h>

#include <string>

#include "base/result.h"

namespace bridge {

// A `SystemError`: message, code, errno, syscall and path like Node's own. A room with richer
// failures has its own error type and its own to_error() beside it, found by argument lookup.
Napi::Value to_error(Napi::Env env, const base::SysError& error);

// A `LibraryMissingError`: of what is opened at run time, and why it cannot be used.
Napi::Value library_missing(Napi::Env env, const std::string& soname, const std::string& reason);

// Makes `error` (any value) the pending exception.
inline void throw_error(Napi::Env env, Napi::Value error) {
  napi_throw(env, error);
}

}  // namespace bridge
