#include "lxc/container.h"

#include <cstdlib>
#include <string_view>

#include "lxc/log.h"

namespace lxc {

Result<const abi::Lxc*> library() {
  abi::LibraryInfo why;
  const abi::Lxc* found = abi::lxc(&why);
  if (found == nullptr) return Failure{"open", "", "", {}, std::move(why)};
  return found;
}

Result<std::shared_ptr<Container>> Container::open(const std::string& name,
                                                   const std::string& lxcpath) {
  auto found = library();
  if (!found.ok()) return std::move(found.error());
  const abi::Lxc* lxc = found.value();
  const LogMark mark(*lxc);
  abi::lxc_container* container = lxc->lxc_container_new(name.c_str(), lxcpath.c_str());
  if (container == nullptr) return Failure{"open", name, "", mark.lines(name), {}};
  return std::shared_ptr<Container>(new Container(lxc, container, name));
}

Container::~Container() {
  library_->lxc_container_put(container_);
}

Result<bool> Container::is_defined() {
  return container_->is_defined(container_);
}

Result<std::string> Container::state() {
  const LogMark mark(*library_);
  const char* state = container_->state(container_);
  if (state == nullptr) return Failure{"state", name_, "", mark.lines(name_), {}};
  return std::string(state);
}

Result<std::optional<pid_t>> Container::init_pid() {
  const pid_t pid = container_->init_pid(container_);
  return pid > 0 ? std::optional(pid) : std::nullopt;
}

Result<base::UniqueFd> Container::init_pidfd() {
  const LogMark mark(*library_);
  base::UniqueFd fd(container_->init_pidfd(container_));
  if (!fd.valid()) return Failure{"init_pidfd", name_, "", mark.lines(name_), {}};
  return fd;
}

// liblxc fills buffers of the caller's: asked without one, it tells the size.
template <typename Read>
static std::optional<std::string> read_sized(Read read) {
  const int length = read(nullptr, 0);
  if (length < 0) return std::nullopt;
  std::string value(static_cast<size_t>(length), '\0');
  // One byte more for the NUL that it writes; std::string has that byte.
  if (read(value.data(), length + 1) != length) return std::nullopt;
  return value;
}

Result<std::vector<std::optional<std::string>>> Container::get_config(
    const std::vector<std::string>& keys) {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    values.push_back(read_sized([&](char* buffer, int size) {
      return container_->get_config_item(container_, key.c_str(), buffer, size);
    }));
  }
  return values;
}

Result<Unit> Container::set_config(const std::vector<ConfigItem>& items) {
  const LogMark mark(*library_);
  for (const auto& [key, value] : items) {
    if (!container_->set_config_item(container_, key.c_str(), value.c_str())) {
      return Failure{"set_config", name_, key, mark.lines(name_), {}};
    }
  }
  return Unit{};
}

Result<Unit> Container::clear_config(const std::vector<std::string>& keys) {
  const LogMark mark(*library_);
  if (keys.empty()) container_->clear_config(container_);
  for (const std::string& key : keys) {
    if (!container_->clear_config_item(container_, key.c_str())) {
      return Failure{"clear_config", name_, key, mark.lines(name_), {}};
    }
  }
  return Unit{};
}

Result<std::vector<std::string>> Container::config_keys(const std::optional<std::string>& prefix) {
  const LogMark mark(*library_);
  const char* below = prefix.has_value() ? prefix->c_str() : nullptr;
  const auto text = read_sized([&](char* buffer, int size) {
    return container_->get_keys(container_, below, buffer, size);
  });
  if (!text.has_value())
    return Failure{"config_keys", name_, prefix.value_or(""), mark.lines(name_), {}};
  std::vector<std::string> keys;
  for (std::string_view rest = *text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) keys.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return keys;
}

Result<Unit> Container::load_config(const std::optional<std::string>& file) {
  const LogMark mark(*library_);
  if (!container_->load_config(container_, file.has_value() ? file->c_str() : nullptr)) {
    return Failure{"load_config", name_, file.value_or(""), mark.lines(name_), {}};
  }
  return Unit{};
}

Result<Unit> Container::save_config(const std::optional<std::string>& file) {
  const LogMark mark(*library_);
  if (!container_->save_config(container_, file.has_value() ? file->c_str() : nullptr)) {
    return Failure{"save_config", name_, file.value_or(""), mark.lines(name_), {}};
  }
  return Unit{};
}

Result<std::vector<std::optional<std::string>>> Container::running_config(
    const std::vector<std::string>& keys) {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    char* value = container_->get_running_config_item(container_, key.c_str());
    values.push_back(value == nullptr ? std::nullopt : std::optional<std::string>(value));
    ::free(value);
  }
  return values;
}

Result<Unit> Container::set_cgroup(const std::string& key, const std::string& value) {
  const LogMark mark(*library_);
  if (!container_->set_cgroup_item(container_, key.c_str(), value.c_str())) {
    return Failure{"set_cgroup", name_, key, mark.lines(name_), {}};
  }
  return Unit{};
}

Result<Unit> Container::freeze() {
  const LogMark mark(*library_);
  if (!container_->freeze(container_)) return Failure{"freeze", name_, "", mark.lines(name_), {}};
  return Unit{};
}

Result<Unit> Container::unfreeze() {
  const LogMark mark(*library_);
  if (!container_->unfreeze(container_))
    return Failure{"unfreeze", name_, "", mark.lines(name_), {}};
  return Unit{};
}

Result<ConsoleFds> Container::console_fds(int tty) {
  const LogMark mark(*library_);
  ConsoleFds fds;
  fds.tty = tty;
  int ptx = -EBADF;
  fds.allocation.reset(container_->console_getfd(container_, &fds.tty, &ptx));
  if (!fds.allocation.valid()) return Failure{"console", name_, "", mark.lines(name_), {}};
  fds.ptx.reset(ptx);
  return fds;
}

using List = int (*)(const char*, char***, abi::lxc_container***);

static Result<std::vector<std::string>> names_from(const abi::Lxc& lxc, List list,
                                                   const std::string& lxcpath) {
  const LogMark mark(lxc);
  char** names = nullptr;
  const int count = list(lxcpath.c_str(), &names, nullptr);
  if (count < 0) return Failure{"list", "", lxcpath, mark.lines(""), {}};
  std::vector<std::string> found;
  for (int i = 0; i < count; ++i) {
    found.emplace_back(names[i]);
    ::free(names[i]);
  }
  ::free(names);
  return found;
}

Result<std::vector<std::string>> list_defined(const std::string& lxcpath) {
  auto lxc = library();
  if (!lxc.ok()) return std::move(lxc.error());
  return names_from(*lxc.value(), lxc.value()->list_defined_containers, lxcpath);
}

Result<std::vector<std::string>> list_active(const std::string& lxcpath) {
  auto lxc = library();
  if (!lxc.ok()) return std::move(lxc.error());
  return names_from(*lxc.value(), lxc.value()->list_active_containers, lxcpath);
}

}  // namespace lxc
