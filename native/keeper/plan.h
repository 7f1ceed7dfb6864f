// What the keeper must know to start a container, and to start it again when the
// guest reboots while nobody is connected: a START frame, kept in memory and as a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "keeper/message.h"
#include "ns/userns.h"

namespace keeper {

// What a tree is put together from.
struct TreePlan {
  enum class Mode { kBind, kOverlay, kDataset, kDevice };
  Mode mode = Mode::kBind;
  std::string lower;  // overlay: the image's tree, never written
  // overlay: holds `upper` and `work`; bind: the tree itself; dataset: ZFS's name of it, and the
  // tree is its `private`; device: a node of the host, which is no tree but one file
  std::string upper;
};

// A further tree of the container, which it sees at `at`: a dataset, unless it says otherwise.
struct SubMount : TreePlan {
  std::string at;  // absolute, in the container
  bool readonly = false;

  static base::Result<SubMount> parse(std::string_view item);
};

struct RootfsPlan : TreePlan {
  std::string target;  // mount point, in the keeper's namespace only
  ns::IdMap uid_map;
  ns::IdMap gid_map;
  std::vector<SubMount> mounts;  // in the order in which they are mounted

  static base::Result<RootfsPlan> parse(std::string_view item);
};

struct StartPlan {
  std::string pool;
  std::string id;
  std::string lxc_path;
  std::string config;  // directory of `config` and `init`, "" for that of liblxc
  RootfsPlan rootfs;
  std::string cgroup;  // relative to each hierarchy's mount point
  std::string seccomp_profile;
  std::string notify_socket;
  std::string log_file;
  std::string console_log;
  std::vector<std::string> delegated;  // datasets that its user namespace is given
  uint64_t timeout_ms = 0;
  // An init of ours, for programs alone: then it ends with the last of them, and never reboots. ""
  // for the guest's own.
  std::string init;
  // The START frame of what a reboot begins with, "" when that is the same again.
  std::string next;

  static base::Result<StartPlan> parse(const Fields& fields);
  [[nodiscard]] std::string key() const { return pool + ":" + id; }
  [[nodiscard]] std::string config_directory() const {
    return config.empty() ? lxc_path + "/" + id : config;
  }
};

// The host id of the container's root: what "0" maps to. 0, which is never given to a
// container, when the map has none.
uint32_t root_of(const ns::IdMap& map);

}  // namespace keeper
