// A file that a former keeper is said to have left: it must not make this one believe in a process.

#include <sys/stat.h>

#include "frames.h"
#include "keeper/adopt.h"
#include "keeper/process.h"
#include "target.h"

FUZZ_FRAMES

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string plans = fuzz::directory() + "/keeper/plans";
  ::mkdir((fuzz::directory() + "/keeper").c_str(), 0700);
  ::mkdir(plans.c_str(), 0700);
  fuzz::write_file(plans + "/pool:id", {reinterpret_cast<const char*>(data), size});
  const base::UniqueFd left = keeper::mount_namespace_left(fuzz::directory());
  if (!left.valid()) return 0;
  // Those of the kernel were started right after it: an input may have guessed one, by both
  // numbers.
  const auto kept = keeper::Message::parse({reinterpret_cast<const char*>(data), size});
  CHECK(kept.has_value());
  const auto process = keeper::Fields::parse(kept->fields.text(keeper::Tag::MONITOR_PID));
  CHECK(process.has_value());
  const auto stat = keeper::process_stat(static_cast<pid_t>(process->number(keeper::Tag::PID)));
  CHECK(stat && stat->start_time == process->number(keeper::Tag::TIME));
  return 0;
}
