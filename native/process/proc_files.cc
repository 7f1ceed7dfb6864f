#include "process/proc_files.h"

#include <algorithm>
#include <charconv>

namespace process {
namespace {

constexpr std::string_view kBlanks = " \t\n";

// The next word, taken off the front of `text`; empty at its end.
std::string_view next_word(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

template <typename Number>
bool read_number(std::string_view word, Number& into) {
  const char* const end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data(), end, into);
  return error == std::errc() && at == end && !word.empty();
}

template <typename Number>
bool next_number(std::string_view& text, Number& into) {
  return read_number(next_word(text), into);
}

// What follows `key` on its line; no data when there is no such line.
std::string_view value_of(std::string_view text, std::string_view key) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.substr(0, key.size()) == key) return line.substr(key.size());
    at = end + 1;
  }
  return {};
}

bool has_item(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    if (one == item) return true;
    list.remove_prefix(std::min(one.size() + 1, list.size()));
  }
  return false;
}

}  // namespace

std::optional<Stat> parse_stat(std::string_view text) {
  // The name may hold parentheses, blanks and line feeds: it ends with the last one.
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  Stat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  for (int field = 3; field <= 24; ++field) {
    const std::string_view word = next_word(rest);
    bool good = !word.empty();
    // One letter: of a name that ends with what looks like the rest, it is none.
    if (field == 3) good = word.size() == 1 && word[0] > ' ';
    if (field == 3 && good) stat.state = word[0];
    if (field == 4) good = read_number(word, stat.parent);
    if (field == 14) good = read_number(word, stat.user_ticks);
    if (field == 15) good = read_number(word, stat.system_ticks);
    if (field == 22) good = read_number(word, stat.start_ticks);
    if (field == 23) good = read_number(word, stat.vmsize);
    if (field == 24) good = read_number(word, stat.rss_pages);
    if (!good) return std::nullopt;
  }
  return stat;
}

std::optional<Ids> parse_status(std::string_view text) {
  Ids ids;
  std::string_view uids = value_of(text, "Uid:");
  std::string_view gids = value_of(text, "Gid:");
  if (!next_number(uids, ids.ruid) || !next_number(uids, ids.euid) ||
      !next_number(gids, ids.rgid) || !next_number(gids, ids.egid)) {
    return std::nullopt;
  }
  std::string_view pids = value_of(text, "NSpid:");
  next_word(pids);
  if (!next_number(pids, ids.inner_pid)) ids.inner_pid = 0;
  return ids;
}

std::optional<std::string_view> parse_cgroup(std::string_view text, std::string_view controller) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos || line.substr(second + 1, 1) != "/") continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool wanted =
        controller.empty() ? controllers.empty() : has_item(controllers, controller);
    if (wanted) return line.substr(second + 2);
  }
  return std::nullopt;
}

std::string command_of(std::string_view arguments) {
  const size_t last = arguments.find_last_not_of('\0');
  std::string command(arguments.substr(0, last == std::string_view::npos ? 0 : last + 1));
  std::replace(command.begin(), command.end(), '\0', ' ');
  return command;
}

}  // namespace process
