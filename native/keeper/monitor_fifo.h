// liblxc tells what its monitors see through one FIFO per LXC path: a record for each
// change of state and for the exit status of init.
//
// A writer blocks when the FIFO is full, so it is drained first and always; and it is closed
// in every child that is forked, or a monitor would keep its own reader alive.
#pragma once

#include <functional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace keeper {

class MonitorFifo {
 public:
  enum class Type { kState, kExit };
  using Record = std::function<void(Type type, const std::string& name, int value)>;

  // Makes /run/lxc/LXCPATH/monitor-fifo, as liblxc expects it for root (monitor.c).
  static base::Result<MonitorFifo> open(const std::string& lxc_path);
  // One that the program before this one has opened.
  MonitorFifo(std::string path, base::UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  void drain(const Record& record);
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  void remove();  // the file and the directories that were made for it

 private:
  MonitorFifo() = default;

  std::string path_;
  base::UniqueFd fd_;
};

}  // namespace keeper
