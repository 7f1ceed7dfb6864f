// Memory of the keeper that its children do not get: a monitor lives as long as its container, and
// would hold a copy of what is rewritten here all the time.
#pragma once

#include <sys/mman.h>

#include <memory_resource>

namespace keeper {

// Whole pages, for a pool above it. madvise(2), MADV_DONTFORK.
class Unforked final : public std::pmr::memory_resource {
 private:
  void* do_allocate(size_t size, size_t /*alignment*/) override {
    void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) ::abort();  // as any allocation that fails here does
    ::madvise(pages, size, MADV_DONTFORK);
    return pages;
  }
  void do_deallocate(void* pages, size_t size, size_t /*alignment*/) override {
    ::munmap(pages, size);
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace keeper
