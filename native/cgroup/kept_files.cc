#include "cgroup/kept_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cgroup {
namespace {

constexpr size_t kMost = 4096;
constexpr uint64_t kRounds = 8;

size_t most() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return std::min<size_t>(kMost, limit.rlim_cur / 4);
}

}  // namespace

KeptFiles::KeptFiles() : most_(most()) {}

void KeptFiles::begin() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++round_;
  for (auto& [hierarchy, files] : files_) {
    count_ -= std::erase_if(
        files, [this](const auto& entry) { return entry.second.round + kRounds < round_; });
  }
}

ssize_t KeptFiles::read(const Hierarchy& hierarchy, const std::string& name, char* buffer,
                        size_t size) {
  if (const File kept = find(hierarchy, name)) {
    const ssize_t got = ::pread(kept->get(), buffer, size, 0);
    if (got >= 0) return got;
    forget(hierarchy, name, kept);
  }
  auto file = std::make_shared<const base::UniqueFd>(
      ::openat(hierarchy.dir.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file->valid()) return -1;
  const ssize_t got = ::pread(file->get(), buffer, size, 0);
  if (got >= 0) keep(hierarchy, name, std::move(file));
  return got;
}

KeptFiles::File KeptFiles::find(const Hierarchy& hierarchy, const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto files = files_.find(&hierarchy);
  if (files == files_.end()) return nullptr;
  const auto found = files->second.find(name);
  if (found == files->second.end()) return nullptr;
  found->second.round = round_;
  return found->second.file;
}

void KeptFiles::keep(const Hierarchy& hierarchy, const std::string& name, File file) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Files& files = files_[&hierarchy];
  const auto found = files.find(name);
  if (found != files.end()) {
    found->second = {std::move(file), round_};
  } else if (count_ < most_) {
    files.emplace(name, Kept{std::move(file), round_});
    ++count_;
  }
}

void KeptFiles::forget(const Hierarchy& hierarchy, const std::string& name, const File& file) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Files& files = files_[&hierarchy];
  const auto found = files.find(name);
  // Another thread may have opened it anew.
  if (found == files.end() || found->second.file != file) return;
  files.erase(found);
  --count_;
}

}  // namespace cgroup
