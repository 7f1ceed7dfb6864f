#include "zfs/programs.h"

#include "zfs/library.h"

namespace zfs {

Result<Map> run_program(const std::string& pool, const std::string& text, const Map& arguments,
                        bool sync, ProgramLimits limits) {
  auto lib = library();
  if (!lib.ok()) return std::move(lib.error());
  Map signed_ones = arguments;
  for (Entry& entry : signed_ones) {
    // Lua has no other integers there.
    if (const auto* count = std::get_if<uint64_t>(&entry.value)) {
      entry.value = static_cast<int64_t>(*count);
    }
  }
  const List given(*lib.value().nv, signed_ones);
  if (!given.ok()) return given.failure("nvlist_add", pool);
  List result(*lib.value().nv);
  const auto call =
      sync ? lib.value().core->lzc_channel_program : lib.value().core->lzc_channel_program_nosync;
  const int errnum = call(pool.c_str(), text.c_str(), limits.instructions, limits.memory,
                          given.get(), result.out());
  Map entries = result.read();
  if (errnum == 0) return entries;
  Failure failure{errnum, "lzc_channel_program", pool, {}, {}, {}};
  for (const Entry& entry : entries) {
    const auto* words = std::get_if<std::string>(&entry.value);
    if (entry.name == "error" && words != nullptr) failure.detail = *words;
  }
  return failure;
}

}  // namespace zfs
