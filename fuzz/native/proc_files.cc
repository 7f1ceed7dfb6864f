// What /proc says of a process: `stat`, `status`, `limits`, the label of a security module; and a
// captured seccomp filter, which is read from a file as well.

#include <algorithm>
#include <cctype>

#include "keeper/confinement.h"
#include "keeper/process.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto stat = keeper::parse_stat(text)) {
    CHECK(stat->state != ' ' && stat->state != '\0');
    CHECK(text.find(')') != std::string::npos);
  }
  const keeper::StatusFacts facts = keeper::parse_status(text);
  CHECK(!facts.filtered || text.find("\nSeccomp:\t2") != std::string::npos);
  const std::string label = keeper::parse_label(text);
  CHECK(label.size() <= text.size() && label.find('\n') == std::string::npos);
  CHECK(label != "unconfined");
  if (keeper::parse_limits(text)) {
    CHECK(std::count(text.begin(), text.end(), '\n') >= RLIM_NLIMITS);
  }

  const std::string path = fuzz::directory() + "/filter";
  fuzz::write_file(path, text);
  const auto filter = keeper::read_filter(path);
  const bool whole = size > 0 && size % sizeof(sock_filter) == 0;
  CHECK(filter.ok() == (whole && size <= BPF_MAXINSNS * sizeof(sock_filter)));
  CHECK(!filter.ok() || filter->size() * sizeof(sock_filter) == size);
  return 0;
}
