// One container as liblxc sees it: its configuration and, while it runs, what its monitor
// answers over the command socket. Nothing here forks, so it may run beside other threads;
// what does fork (start, attach) is the keeper's.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abi/lxc.h"
#include "base/fd.h"
#include "base/result.h"
#include "lxc/failure.h"

namespace lxc {

using base::Unit;
using ConfigItem = std::pair<std::string, std::string>;  // key, value

struct ConsoleFds {
  int tty = 0;
  base::UniqueFd ptx;         // our end of the terminal
  base::UniqueFd allocation;  // while it is open, nobody else is given the terminal
};

// Every call may block: on a lock file, or on a monitor that does not answer. One call at a time.
class Container {
 public:
  // Loads <lxcpath>/<name>/config when there is one; liblxc does that by itself.
  static Result<std::shared_ptr<Container>> open(const std::string& name,
                                                 const std::string& lxcpath);
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  Result<bool> is_defined();
  Result<std::string> state();
  Result<std::optional<pid_t>> init_pid();  // nothing when it does not run
  Result<base::UniqueFd> init_pidfd();

  // Configuration in memory. A key without a value gives nothing.
  Result<std::vector<std::optional<std::string>>> get_config(const std::vector<std::string>& keys);
  Result<Unit> set_config(const std::vector<ConfigItem>& items);
  Result<Unit> clear_config(const std::vector<std::string>& keys);  // no keys: everything
  Result<std::vector<std::string>> config_keys(const std::optional<std::string>& prefix);
  Result<Unit> load_config(const std::optional<std::string>& file);
  Result<Unit> save_config(const std::optional<std::string>& file);
  // Configuration that the running container was started with, as its monitor knows it.
  Result<std::vector<std::optional<std::string>>> running_config(
      const std::vector<std::string>& keys);

  // Of the running one's cgroup, as its monitor has it: `devices.allow` of both versions.
  Result<Unit> set_cgroup(const std::string& key, const std::string& value);

  Result<Unit> freeze();
  Result<Unit> unfreeze();
  Result<ConsoleFds> console_fds(int tty);  // -1: the first that is free; 0: the console

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Container(const abi::Lxc* library, abi::lxc_container* container, std::string name)
      : library_(library), container_(container), name_(std::move(name)) {}

  const abi::Lxc* library_;
  abi::lxc_container* container_;  // one reference is ours
  std::string name_;
};

// Names of the containers that have a configuration below the path, or that run from it.
Result<std::vector<std::string>> list_defined(const std::string& lxcpath);
Result<std::vector<std::string>> list_active(const std::string& lxcpath);

// The library, or the failure that says why there is none.
Result<const abi::Lxc*> library();

}  // namespace lxc
