// Owns one file descriptor. Closing keeps errno, so a destructor never hides
// the error that made us leave the scope.
#pragma once

#include <unistd.h>
#include <cerrno>
#include <utility>

namespace base {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd < 0 ? -EBADF : fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -EBADF)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -EBADF);
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Gives the descriptor away: from here on somebody else closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -EBADF); }
  void reset(int fd = -EBADF) {
    if (fd_ >= 0) {
      const int saved = errno;
      ::close(fd_);
      errno = saved;
    }
    fd_ = fd < 0 ? -EBADF : fd;
  }

 private:
  int fd_ = -EBADF;
};

}  // namespace base
