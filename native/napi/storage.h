// The lane of the storage by names of datasets: on the threads for their zpool. What changes one
// dataset stands in its line, and what reads it in another one; what takes many stands in none.
#pragma once

#include <string>
#include <utility>

#include "napi/task.h"

namespace bridge {

inline std::string zpool_of(const std::string& name) {
  return name.substr(0, name.find_first_of("/@#"));
}

template <typename Work, typename Convert>
Napi::Value in_line_of(const Napi::CallbackInfo& info, const std::string& what,
                       const std::string& name, Work work, Convert convert) {
  const std::string line = what + name.substr(0, name.find_first_of("@#"));
  const auto queue = Environment::of(info.Env()).storage_queue(line);
  return run_storage(info, zpool_of(name), queue, std::move(work), std::move(convert));
}

template <typename Work, typename Convert = ConvertByType>
Napi::Value changes(const Napi::CallbackInfo& info, const std::string& dataset, Work work,
                    Convert convert = {}) {
  return in_line_of(info, "", dataset, std::move(work), std::move(convert));
}

template <typename Work, typename Convert = ConvertByType>
Napi::Value reads(const Napi::CallbackInfo& info, const std::string& dataset, Work work,
                  Convert convert = {}) {
  return in_line_of(info, "read ", dataset, std::move(work), std::move(convert));
}

template <typename Work, typename Convert = ConvertByType>
Napi::Value about_many(const Napi::CallbackInfo& info, const std::string& first, Work work,
                       Convert convert = {}) {
  return run_storage(info, zpool_of(first), nullptr, std::move(work), std::move(convert));
}

}  // namespace bridge
