// What we believe about libzfs_core and libnvpair, of OpenZFS 2.0 and later. The
// declarations are ours: libzfs_core must be the one that fits the running kernel module.
#pragma once

#include <cstdint>

#include "abi/library.h"

namespace abi {

extern "C" {
struct nvlist_t;
struct nvpair_t;
struct zfs_cmd;
struct dmu_replay_record;
enum boolean_t : int { B_FALSE, B_TRUE };
// Of the many types of a pair, those that we read.
enum data_type_t : int {
  DATA_TYPE_BOOLEAN = 1,
  DATA_TYPE_INT32 = 5,
  DATA_TYPE_INT64 = 7,
  DATA_TYPE_UINT64 = 8,
  DATA_TYPE_STRING = 9,
  DATA_TYPE_NVLIST = 19,
  DATA_TYPE_BOOLEAN_VALUE = 21,
};
enum lzc_dataset_type : int { LZC_DATSET_TYPE_ZFS = 2, LZC_DATSET_TYPE_ZVOL = 3 };
enum lzc_send_flags : int {
  LZC_SEND_FLAG_EMBED_DATA = 1 << 0,
  LZC_SEND_FLAG_LARGE_BLOCK = 1 << 1,
  LZC_SEND_FLAG_COMPRESS = 1 << 2,
  LZC_SEND_FLAG_RAW = 1 << 3,
  LZC_SEND_FLAG_SAVED = 1 << 4,
};
}  // extern "C"

#define REQUIRED(type, name, arguments) type(*name) arguments = nullptr;
#define OPTIONAL(type, name, arguments) type(*name) arguments = nullptr;
struct ZfsCore {
  LibraryInfo info;
#include "abi/zfs.def.h"
  void open();
};
struct Nvpair {
  LibraryInfo info;
#include "abi/nvpair.def.h"
  void open();
};
#undef REQUIRED
#undef OPTIONAL

// As lxc(). VPSADMINOS_LIBZFS_CORE and VPSADMINOS_LIBNVPAIR name other files.
const ZfsCore* zfs_core(LibraryInfo* why = nullptr);
const Nvpair* nvpair(LibraryInfo* why = nullptr);

}  // namespace abi
