// A file that a former keeper is said to have left: it must not make this one believe in a process.

#include <sys/stat.h>

#include "frames.h"
#include "keeper/adopt.h"
#include "target.h"

FUZZ_FRAMES

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string plans = fuzz::directory() + "/keeper/plans";
  ::mkdir((fuzz::directory() + "/keeper").c_str(), 0700);
  ::mkdir(plans.c_str(), 0700);
  fuzz::write_file(plans + "/pool:id", {reinterpret_cast<const char*>(data), size});
  // No input knows when a process of this machine was started.
  CHECK(!keeper::mount_namespace_left(fuzz::directory()).valid());
  return 0;
}
