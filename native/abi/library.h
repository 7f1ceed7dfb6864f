// Opens a system library at run time and fills a table of its functions. Whether it
// is there, too old or incomplete is an answer, never a crash or a failed import.
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace abi {

struct Symbol {
  const char* name;
  void** slot;    // where the address goes
  bool required;  // false: the slot stays null, and the feature is off
};

// What is known about one library.
struct LibraryInfo {
  const char* soname = "";
  bool loaded = false;
  std::string reason;                 // why it is not loaded
  std::string path;                   // the file that was really mapped
  std::string version;                // "" when the library has no way to tell
  std::vector<const char*> optional;  // the optional functions that this one has
};

// dlopen()s `soname`, or the file that the environment variable `override_variable` names, and
// resolves the symbols. The library stays for the life of the process: threads of it, atexit
// handlers and pointers into it could outlive any moment that we chose to close it.
LibraryInfo open_library(const char* soname, const char* override_variable,
                         const std::vector<Symbol>& symbols);

// The table of one library, opened on the first call and the same ever after. Null when the library
// cannot be used: `why` tells, and the next call looks again. Never freed, because threads may
// still be in the library while the process runs its exit handlers.
template <typename Table>
const Table* opened(LibraryInfo* why) {
  static std::mutex* const mutex = new std::mutex;
  static const Table* table = nullptr;
  const std::lock_guard<std::mutex> lock(*mutex);
  if (table == nullptr) {
    Table fresh;
    fresh.open();
    if (fresh.info.loaded) table = new Table(fresh);
    if (why != nullptr) *why = fresh.info;
  } else if (why != nullptr) {
    *why = table->info;
  }
  return table;
}

}  // namespace abi
