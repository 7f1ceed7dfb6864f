// The second half of binding.cc: files inside a container's root.
#pragma once

#include <napi.h>

namespace ns {

Napi::Value OpenFileInRoot(const Napi::CallbackInfo& info);
Napi::Value ReadFileInRoot(const Napi::CallbackInfo& info);
Napi::Value WriteFileInRoot(const Napi::CallbackInfo& info);
Napi::Value MkdirInRoot(const Napi::CallbackInfo& info);
Napi::Value SymlinkInRoot(const Napi::CallbackInfo& info);
Napi::Value ReadlinkInRoot(const Napi::CallbackInfo& info);
Napi::Value UnlinkInRoot(const Napi::CallbackInfo& info);
Napi::Value StatInRoot(const Napi::CallbackInfo& info);

}  // namespace ns
