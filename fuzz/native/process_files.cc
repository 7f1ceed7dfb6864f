// What /proc says of a process, as it is listed: `stat`, `status`, `cgroup` and `cmdline`.

#include "process/proc_files.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto stat = process::parse_stat(text)) {
    CHECK(stat->state != ' ' && stat->state != '\0');
    CHECK(text.find("(" + std::string(stat->name) + ")") != std::string::npos);
  }
  if (process::parse_status(text)) {
    CHECK(text.find("Uid:") != std::string::npos && text.find("Gid:") != std::string::npos);
  }
  for (const char* controller : {"", "cpu", "name=systemd"}) {
    const auto path = process::parse_cgroup(text, controller);
    CHECK(!path || text.find(":/" + std::string(*path)) != std::string::npos);
    CHECK(!path || path->find('\n') == std::string::npos);
  }
  const std::string command = process::command_of(text);
  CHECK(command.size() <= text.size() && command.find('\0') == std::string::npos);
  return 0;
}
