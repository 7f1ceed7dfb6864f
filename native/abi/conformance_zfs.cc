// Built by CMake only, where the headers of OpenZFS 2.3 or later are installed: our beliefs
// against the real thing, at compile time. It has no code.
extern "C" {
#include <libnvpair.h>
#include <libzfs_core.h>
}

#include <type_traits>

#include "abi/zfs.h"

#define REQUIRED(type, name, arguments) \
  static_assert(std::is_same_v<decltype(&name), type(*) arguments>, #name);
#define OPTIONAL(type, name, arguments)  // takes enums that we call int
#include "abi/nvpair.def.h"
#include "abi/zfs.def.h"

#define SAME_VALUE(name) static_assert(int{name} == int{abi::name}, #name);
SAME_VALUE(LZC_DATSET_TYPE_ZFS)
SAME_VALUE(LZC_DATSET_TYPE_ZVOL)
SAME_VALUE(LZC_SEND_FLAG_EMBED_DATA)
SAME_VALUE(LZC_SEND_FLAG_LARGE_BLOCK)
SAME_VALUE(LZC_SEND_FLAG_COMPRESS)
SAME_VALUE(LZC_SEND_FLAG_RAW)
SAME_VALUE(LZC_SEND_FLAG_SAVED)
SAME_VALUE(DATA_TYPE_BOOLEAN)
SAME_VALUE(DATA_TYPE_INT32)
SAME_VALUE(DATA_TYPE_INT64)
SAME_VALUE(DATA_TYPE_UINT64)
SAME_VALUE(DATA_TYPE_STRING)
SAME_VALUE(DATA_TYPE_NVLIST)
SAME_VALUE(DATA_TYPE_BOOLEAN_VALUE)
static_assert(sizeof(boolean_t) == sizeof(abi::boolean_t));
static_assert(sizeof(data_type_t) == sizeof(abi::data_type_t));
