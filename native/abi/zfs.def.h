// The functions that we use of libzfs_core.so.3 (OpenZFS 2.0 and later). Macros as in lxc.def.h.
// The formatter would take the asterisks for multiplications.
// clang-format off
REQUIRED(int, libzfs_core_init, (void))
REQUIRED(void, libzfs_core_fini, (void))
REQUIRED(boolean_t, lzc_exists, (const char* dataset))
REQUIRED(int, lzc_create,
         (const char* dataset, lzc_dataset_type, nvlist_t* properties, uint8_t* key,
          unsigned int key_size))
REQUIRED(int, lzc_clone, (const char* dataset, const char* origin, nvlist_t* properties))
REQUIRED(int, lzc_promote, (const char* dataset, char* conflict, int size))
REQUIRED(int, lzc_rename, (const char* from, const char* to))
REQUIRED(int, lzc_destroy, (const char* dataset))
REQUIRED(int, lzc_snapshot, (nvlist_t* snapshots, nvlist_t* properties, nvlist_t** errors))
REQUIRED(int, lzc_destroy_snaps, (nvlist_t* snapshots, boolean_t defer, nvlist_t** errors))
REQUIRED(int, lzc_rollback_to, (const char* dataset, const char* snapshot))
REQUIRED(int, lzc_bookmark, (nvlist_t* bookmarks, nvlist_t** errors))
REQUIRED(int, lzc_destroy_bookmarks, (nvlist_t* bookmarks, nvlist_t** errors))
REQUIRED(int, lzc_get_bookmarks, (const char* dataset, nvlist_t* properties, nvlist_t** bookmarks))
REQUIRED(int, lzc_hold, (nvlist_t* holds, int cleanup_fd, nvlist_t** errors))
REQUIRED(int, lzc_release, (nvlist_t* holds, nvlist_t** errors))
REQUIRED(int, lzc_get_holds, (const char* snapshot, nvlist_t** holds))
REQUIRED(int, lzc_send, (const char* snapshot, const char* from, int fd, lzc_send_flags))
REQUIRED(int, lzc_send_resume,
         (const char* snapshot, const char* from, int fd, lzc_send_flags, uint64_t object,
          uint64_t offset))
REQUIRED(int, lzc_send_space,
         (const char* snapshot, const char* from, lzc_send_flags, uint64_t* size))
REQUIRED(int, lzc_receive_one,
         (const char* snapshot, nvlist_t* properties, const char* origin, boolean_t force,
          boolean_t resumable, boolean_t raw, int fd, const struct dmu_replay_record* begin,
          int unused_fd, uint64_t* bytes, uint64_t* flags, uint64_t* unused, nvlist_t** errors))
REQUIRED(int, lzc_channel_program,
         (const char* pool, const char* program, uint64_t instructions, uint64_t memory,
          nvlist_t* arguments, nvlist_t** result))
REQUIRED(int, lzc_channel_program_nosync,
         (const char* pool, const char* program, uint64_t instructions, uint64_t memory,
          nvlist_t* arguments, nvlist_t** result))
OPTIONAL(int, lzc_wait_fs, (const char* dataset, int activity, boolean_t* waited))
OPTIONAL(int, lzc_ioctl_fd, (int fd, unsigned long request, struct zfs_cmd* command))
