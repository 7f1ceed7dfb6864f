// Channel programs, zfs-program(8): Lua that the kernel runs, over as many datasets as it likes in
// one call. It is how properties are read and datasets are listed.
#pragma once

#include <cstdint>
#include <string>

#include "zfs/failure.h"
#include "zfs/nvlist.h"

namespace zfs {

struct ProgramLimits {
  uint64_t instructions = 0;
  uint64_t memory = 0;  // bytes
};

// `sync`: it may change things, all of them or none, and takes a transaction group. What it returns
// is "return" of the result. A program that fails says why in `detail`: EINVAL does not parse,
// ECHRNG stopped, ETIME and ENOSPC have met a limit.
Result<Map> run_program(const std::string& pool, const std::string& text, const Map& arguments,
                        bool sync, ProgramLimits limits);

}  // namespace zfs
