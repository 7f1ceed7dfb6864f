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

// A further dataset of the container, which it sees at `at`.
struct SubMount {
  std::string dataset;  // as RootfsPlan::upper is one
  std::string at;       // absolute, in the container
  bool readonly = false;

  static base::Result<SubMount> parse(std::string_view item);
};

struct RootfsPlan {
  enum class Mode { kBind, kOverlay, kDataset };
  Mode mode = Mode::kBind;
  std::string target;  // mount point, in the keeper's namespace only
  std::string lower;   // overlay: the image's tree, never written
  // overlay: holds `upper` and `work`; bind: the tree itself; dataset: ZFS's name of it, and the
  // tree is its `private`
  std::string upper;
  ns::IdMap uid_map;
  ns::IdMap gid_map;
  std::vector<SubMount> mounts;  // in the order in which they are mounted

  static base::Result<RootfsPlan> parse(std::string_view item);
};

struct StartPlan {
  std::string pool;
  std::string id;
  std::string lxc_path;
  RootfsPlan rootfs;
  std::string cgroup;  // relative to each hierarchy's mount point
  std::string seccomp_profile;
  std::string notify_socket;
  std::string log_file;
  std::string console_log;
  uint64_t timeout_ms = 0;

  static base::Result<StartPlan> parse(const Fields& fields);
  [[nodiscard]] std::string key() const { return pool + ":" + id; }
};

// The host id of the container's root: what "0" maps to. 0, which is never given to a
// container, when the map has none.
uint32_t root_of(const ns::IdMap& map);

}  // namespace keeper
