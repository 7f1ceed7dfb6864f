// What one keeper leaves to the next: what is whole is read, and all of it.

#include "keeper/handover.h"

#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::UniqueFd file(::memfd_create("handover", MFD_CLOEXEC));
  CHECK(file.valid());
  CHECK(::write(file.get(), data, size) == static_cast<ssize_t>(size));
  const auto read = keeper::Takeover::read(file.get());
  if (!read.ok()) {
    CHECK(read.error().errnum == EBADMSG);
    return 0;
  }
  // Written again it is the same.
  keeper::Handover again;
  size_t total = 0;
  for (const keeper::Message& message : read->all()) {
    keeper::Writer frame(message.kind, message.id);
    again.put(frame.append_fields(message.frame));
    total += sizeof(uint32_t) + message.frame.size();
    CHECK(read->find(message.kind) != nullptr);
  }
  CHECK(total == size);
  const auto written = again.write();
  CHECK(written.ok());
  const auto bytes = keeper::Takeover::read(written->get());
  CHECK(bytes.ok() && bytes->all().size() == read->all().size());
  return 0;
}
