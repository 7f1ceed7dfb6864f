#include "keeper/process.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/file.h"

namespace keeper {
namespace {

rlimit given_files{};
char* title_area = nullptr;
size_t title_size = 0;

}  // namespace

std::optional<ProcessStat> parse_stat(const std::string& text) {
  // The name is in parentheses and may hold any byte, so fields count from the last one.
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  ProcessStat stat{};
  const char* at = text.c_str() + end + 1;
  for (int field = 3; field <= 52; field++) {
    while (*at == ' ') at++;
    // Later kernels have more of them, and none of ours fewer.
    if (*at == '\0') return std::nullopt;
    if (field == 3) stat.state = *at;
    if (field == 4) stat.parent = static_cast<pid_t>(::strtol(at, nullptr, 10));
    if (field == 52) stat.exit_code = static_cast<int>(::strtol(at, nullptr, 10));
    if (field == 22) stat.start_time = ::strtoull(at, nullptr, 10);
    while (*at != ' ' && *at != '\0') at++;
  }
  return stat;
}

std::optional<ProcessStat> process_stat(pid_t pid) {
  const auto text = base::read_file("/proc/" + std::to_string(pid) + "/stat");
  return text.ok() ? parse_stat(*text) : std::nullopt;
}

base::Result<base::UniqueFd> open_same_process(pid_t pid, uint64_t start_time) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  base::UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.valid()) return base::last_error("pidfd_open", path);
  // Looked at after the open: what the descriptor names cannot change any more.
  const auto text = base::read_file(path);
  const bool gone = !text.ok() && text.error().errnum == ENOENT;
  if (!text.ok() && !gone) return text.error();
  const auto stat = gone ? std::nullopt : parse_stat(*text);
  if (!stat || stat->start_time != start_time) return base::SysError{ESRCH, "read", path};
  return fd;
}

std::optional<pid_t> child_of(pid_t parent) {
  const std::string id = std::to_string(parent);
  const auto text = base::read_file("/proc/" + id + "/task/" + id + "/children");
  if (!text.ok()) return std::nullopt;
  return static_cast<pid_t>(::strtol(text->c_str(), nullptr, 10));
}

pid_t only_child(pid_t parent) {
  const auto child = child_of(parent);
  return child && *child > 0 ? *child : -1;
}

std::string silent_end(const std::string& who, std::optional<int> wait_status) {
  std::string how = " ended";
  if (wait_status && WIFSIGNALED(*wait_status)) {
    how = " was ended by signal " + std::to_string(WTERMSIG(*wait_status));
  } else if (wait_status) {
    how = " exited with status " + std::to_string(WEXITSTATUS(*wait_status));
  }
  return who + how + " before it reported";
}

void raise_descriptor_limit() {
  if (::getrlimit(RLIMIT_NOFILE, &given_files) != 0) return;
  rlimit raised = given_files;
  raised.rlim_cur = raised.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &raised);
}

void restore_descriptor_limit() {
  if (given_files.rlim_max != 0) ::setrlimit(RLIMIT_NOFILE, &given_files);
}

rlimit& given_descriptor_limit() {
  return given_files;
}

void share_libraries() {
  const auto maps = base::read_file("/proc/self/maps", 1024 * 1024);
  if (!maps.ok()) return;
  for (size_t at = 0, end = 0; (end = maps->find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = maps->substr(at, end - at);
    unsigned long low = 0;
    unsigned long high = 0;
    std::array<char, 5> mode{};
    if (::sscanf(line.c_str(), "%lx-%lx %4s", &low, &high, mode.data()) != 3) continue;
    const std::string_view permissions(mode.data());
    // What is written to is everybody's own.
    if (line.find(" /") == std::string::npos || permissions[0] != 'r' || permissions[1] == 'w') {
      continue;
    }
    ::madvise(reinterpret_cast<void*>(low), high - low, MADV_POPULATE_READ);
  }
}

void keep_arguments(int argc, char** argv) {
  title_area = argv[0];
  title_size = static_cast<size_t>(argv[argc - 1] + std::strlen(argv[argc - 1]) - argv[0]);
}

void set_title(const std::string& title) {
  if (title_area == nullptr) return;
  std::memset(title_area, 0, title_size);
  std::memcpy(title_area, title.data(), std::min(title.size(), title_size));
}

}  // namespace keeper
