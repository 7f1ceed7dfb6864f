#include "keeper/monitor_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/retry.h"

namespace keeper {
namespace {

constexpr const char* kRuntime = "/run/lxc";

// struct lxc_msg of liblxc's monitor.h, written in one write(2): below PIPE_BUF, so whole.
struct LxcMessage {
  int type;  // 0 state, 1 priority, 2 exit code
  char name[256];
  int value;
};
static_assert(sizeof(LxcMessage) == 264);

}  // namespace

base::Result<MonitorFifo> MonitorFifo::open(const std::string& lxc_path) {
  MonitorFifo fifo;
  const std::string directory = kRuntime + lxc_path;
  for (size_t slash = directory.find('/', 1);; slash = directory.find('/', slash + 1)) {
    const std::string part = directory.substr(0, slash);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return base::last_error("mkdir", part);
    if (slash == std::string::npos) break;
  }
  fifo.path_ = directory + "/monitor-fifo";
  if (::mkfifo(fifo.path_.c_str(), 0600) != 0 && errno != EEXIST) {
    return base::last_error("mkfifo", fifo.path_);
  }
  // Read and write: the FIFO then never reports the end of file when a monitor closes it.
  fifo.fd_.reset(base::retry(
      [&] { return ::open(fifo.path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW); }));
  if (!fifo.fd_.valid()) return base::last_error("open", fifo.path_);
  struct stat info{};
  if (::fstat(fifo.fd_.get(), &info) != 0 || !S_ISFIFO(info.st_mode)) {
    return base::SysError{EEXIST, "mkfifo", fifo.path_};
  }
  // lxc-monitord locks what it reads; two readers would share the records.
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fifo.fd_.get(), F_SETLK, &lock) != 0) return base::last_error("fcntl", fifo.path_);
  ::fcntl(fifo.fd_.get(), F_SETPIPE_SZ, 1024 * 1024);  // 64 KiB where that is refused
  return fifo;
}

void MonitorFifo::drain(const Record& record) {
  LxcMessage message;
  while (base::retry([&] { return ::read(fd_.get(), &message, sizeof message); }) ==
         static_cast<ssize_t>(sizeof message)) {
    const std::string name(message.name, ::strnlen(message.name, sizeof message.name));
    if (message.type == 0) record(Type::kState, name, message.value);
    if (message.type == 2) record(Type::kExit, name, message.value);
  }
}

void MonitorFifo::remove() {
  fd_.reset();
  ::unlink(path_.c_str());
  std::string directory = path_;
  for (;;) {
    directory.resize(directory.rfind('/'));
    if (directory == kRuntime || ::rmdir(directory.c_str()) != 0) return;
  }
}

}  // namespace keeper
