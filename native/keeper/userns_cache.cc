#include "keeper/userns_cache.h"

namespace keeper {
namespace {

std::string name_of(const ns::IdMap& uids, const ns::IdMap& gids) {
  std::string name;
  for (const ns::IdMap* map : {&uids, &gids}) {
    for (const ns::IdMapEntry& entry : *map) {
      name += std::to_string(entry.ns_id) + ' ' + std::to_string(entry.host_id) + ' ' +
              std::to_string(entry.count) + '\n';
    }
    name += '\n';
  }
  return name;
}

}  // namespace

base::Result<int> UsernsCache::get(const ns::IdMap& uids, const ns::IdMap& gids) {
  const std::string name = name_of(uids, gids);
  const auto found = entries_.find(name);
  if (found != entries_.end()) {
    uses_.splice(uses_.end(), uses_, found->second.use);
    return found->second.fd.get();
  }
  auto made = ns::create_userns(uids, gids);
  if (!made.ok()) return std::move(made.error());
  if (entries_.size() == kKept) {
    entries_.erase(uses_.front());
    uses_.pop_front();
  }
  const int fd = made->get();
  uses_.push_back(name);
  entries_[name] = Entry{std::move(*made), std::prev(uses_.end())};
  return fd;
}

}  // namespace keeper
