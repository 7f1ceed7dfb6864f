// Records in the FIFO of liblxc's monitors; also parts of one, as a writer that is no monitor
// leaves.

#include "keeper/monitor_fifo.h"

#include <fcntl.h>

#include "base/fd.h"
#include "target.h"

namespace {

keeper::MonitorFifo* fifo = nullptr;

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string path = "/vpsadminos-fuzz-" + std::to_string(::getpid());
  if (fifo == nullptr) {
    auto opened = keeper::MonitorFifo::open(path);
    CHECK(opened.ok());
    fifo = new keeper::MonitorFifo(std::move(*opened));
    CHECK(::atexit([] { fifo->remove(); }) == 0);
  }
  constexpr size_t kMost = 32 * 1024;
  const base::UniqueFd writer(
      ::open(("/run/lxc" + path + "/monitor-fifo").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(writer.valid());
  CHECK(::write(writer.get(), data, std::min(size, kMost)) >= 0);
  size_t records = 0;
  // What is left of half a record must be gone afterwards, or all that follow are shifted by it.
  fifo->drain([&](keeper::MonitorFifo::Type, const std::string& name, int) {
    CHECK(name.size() <= 256 && name.find('\0') == std::string::npos);
    records++;
  });
  CHECK(records <= size / 264);
  char left = 0;
  CHECK(::read(fifo->fd(), &left, 1) < 0);
  return 0;
}
