#include "keeper/confinement.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/file.h"

namespace keeper {
namespace {

// The value of "Name:\tvalue" in /proc/PID/status, proc_pid_status(5).
std::string_view status_field(std::string_view status, std::string_view name) {
  const std::string wanted = std::string("\n").append(name).append(":\t");
  const size_t at = status.find(wanted);
  if (at == status.npos) return {};
  const std::string_view rest = status.substr(at + wanted.size());
  return rest.substr(0, rest.find('\n'));
}

base::Status read_label(Confinement& confinement, const std::string& proc) {
  // AppArmor has its own directory since 5.1, so that it can stand beside another LSM.
  for (const char* directory : {"attr/apparmor/", "attr/"}) {
    const auto current = base::read_file(proc + directory + "current", 4096);
    if (!current.ok()) continue;  // no LSM: ENOENT, EINVAL
    std::string label = parse_label(*current);
    if (label.empty()) continue;
    auto fd = base::open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    if (!fd.ok()) return std::move(fd.error());
    confinement.label = std::move(label);
    confinement.label_file = std::string("self/") + directory + "exec";
    confinement.proc = std::move(*fd);
    return base::success();
  }
  return base::success();
}

}  // namespace

StatusFacts parse_status(std::string_view status) {
  const std::string bounding(status_field(status, "CapBnd"));
  return {.bounding = std::strtoull(bounding.c_str(), nullptr, 16),
          .no_new_privs = status_field(status, "NoNewPrivs") == "1",
          .filtered = status_field(status, "Seccomp") == "2"};
}

std::optional<Limits> parse_limits(std::string_view text) {
  constexpr size_t kName = 25;  // columns of the name, which has blanks
  Limits limits{};
  for (rlimit& limit : limits) {
    const size_t next = text.find('\n');
    if (next == text.npos) return std::nullopt;
    text.remove_prefix(next + 1);
    const std::string line(text.substr(0, text.find('\n')));
    if (line.size() < kName) return std::nullopt;
    const char* at = line.c_str() + kName;
    for (rlim_t* value : {&limit.rlim_cur, &limit.rlim_max}) {
      while (*at == ' ') at++;
      if (std::strncmp(at, "unlimited", 9) == 0) {
        *value = RLIM_INFINITY;
        at += 9;
        continue;
      }
      char* end = nullptr;
      *value = std::strtoull(at, &end, 10);
      if (end == at) return std::nullopt;
      at = end;
    }
  }
  return limits;
}

std::string parse_label(std::string_view current) {
  std::string label(current.substr(0, current.find_first_of(std::string_view("\n\0", 2))));
  if (const size_t mode = label.rfind(" ("); mode != label.npos) label.resize(mode);
  return label == "unconfined" || label == "kernel" ? "" : label;
}

base::Result<std::vector<sock_filter>> read_filter(const std::string& file) {
  const auto bytes = base::read_file(file, BPF_MAXINSNS * sizeof(sock_filter));
  if (!bytes.ok() || bytes->empty() || bytes->size() % sizeof(sock_filter) != 0) {
    return base::SysError{ENOKEY, "seccomp", file};
  }
  std::vector<sock_filter> filter(bytes->size() / sizeof(sock_filter));
  std::memcpy(filter.data(), bytes->data(), bytes->size());
  return filter;
}

base::Result<Confinement> confinement_of(pid_t init, const std::string& filter_file) {
  Confinement found;
  const std::string proc = "/proc/" + std::to_string(init) + "/";
  auto status = base::read_file(proc + "status");
  if (!status.ok()) return std::move(status.error());
  const StatusFacts facts = parse_status(*status);
  found.bounding = facts.bounding;
  found.no_new_privs = facts.no_new_privs;
  if (facts.filtered) {
    auto filter = read_filter(filter_file);
    if (!filter.ok()) return std::move(filter.error());
    found.filter = std::move(*filter);
  }
  TRY_STATUS(read_label(found, proc));
  if (const auto persona = base::read_file(proc + "personality"); persona.ok()) {
    found.personality = std::strtoul(persona->c_str(), nullptr, 16);
  }
  // By prlimit(2) they are only for who has CAP_SYS_RESOURCE in its user namespace.
  const auto text = base::read_file(proc + "limits");
  const auto limits = text.ok() ? parse_limits(*text) : std::nullopt;
  if (!limits) return text.ok() ? base::SysError{EBADMSG, "read", proc + "limits"} : text.error();
  found.limits = *limits;
  return found;
}

base::Status apply_limits(const Confinement& confinement) {
  for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
    if (::setrlimit(static_cast<__rlimit_resource>(resource),
                    &confinement.limits[static_cast<size_t>(resource)]) != 0) {
      return base::last_error("setrlimit", std::to_string(resource));
    }
  }
  return base::success();
}

base::Status drop_capabilities(const Confinement& confinement) {
  for (unsigned long capability = 0; capability < 64; capability++) {
    if ((confinement.bounding >> capability & 1) != 0) continue;
    // EINVAL: this kernel does not have it, nor any that follow.
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;
      return base::last_error("prctl", "PR_CAPBSET_DROP");
    }
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return base::success();
}

base::Status apply_last(const Confinement& confinement) {
  if (confinement.personality != 0) ::personality(confinement.personality);
  if (!confinement.label.empty()) {
    // Opened here, as only the task whose file it is may write to it (EACCES otherwise).
    auto fd = base::open_at(confinement.proc.get(), confinement.label_file, O_WRONLY);
    if (!fd.ok()) return std::move(fd.error());
    const std::string order = "exec " + confinement.label;
    TRY_STATUS(base::write_all(fd->get(), order, confinement.label_file));
  }
  if (confinement.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return base::last_error("prctl", "PR_SET_NO_NEW_PRIVS");
  }
  if (!confinement.filter.empty()) {
    const sock_fprog program{static_cast<unsigned short>(confinement.filter.size()),
                             const_cast<sock_filter*>(confinement.filter.data())};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
      return base::last_error("seccomp", "SECCOMP_SET_MODE_FILTER");
    }
  }
  return base::success();
}

}  // namespace keeper
