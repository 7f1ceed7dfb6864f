// The functions that we use of libnvpair.so.3, as OpenZFS 2.3 declares them; older headers have
// fewer `const`. Macros as in lxc.def.h.
// The formatter would take the asterisks for multiplications.
// clang-format off
REQUIRED(int, nvlist_alloc, (nvlist_t** list, unsigned int flags, int kmflag))
REQUIRED(void, nvlist_free, (nvlist_t*))
REQUIRED(int, nvlist_pack,
         (nvlist_t*, char** buffer, size_t* size, int encoding, int kmflag))
REQUIRED(int, nvlist_unpack, (char* buffer, size_t size, nvlist_t** list, int kmflag))
REQUIRED(int, nvlist_add_boolean, (nvlist_t*, const char* name))
REQUIRED(int, nvlist_add_boolean_value, (nvlist_t*, const char* name, boolean_t value))
REQUIRED(int, nvlist_add_int64, (nvlist_t*, const char* name, int64_t value))
REQUIRED(int, nvlist_add_uint64, (nvlist_t*, const char* name, uint64_t value))
REQUIRED(int, nvlist_add_string, (nvlist_t*, const char* name, const char* value))
REQUIRED(int, nvlist_add_nvlist, (nvlist_t*, const char* name, const nvlist_t* value))
REQUIRED(int, nvlist_add_string_array,
         (nvlist_t*, const char* name, const char* const* values, unsigned int count))
REQUIRED(nvpair_t*, nvlist_next_nvpair, (nvlist_t*, const nvpair_t* previous))
REQUIRED(const char*, nvpair_name, (const nvpair_t*))
REQUIRED(data_type_t, nvpair_type, (const nvpair_t*))
REQUIRED(int, nvpair_value_boolean_value, (const nvpair_t*, boolean_t* value))
REQUIRED(int, nvpair_value_int32, (const nvpair_t*, int32_t* value))
REQUIRED(int, nvpair_value_int64, (const nvpair_t*, int64_t* value))
REQUIRED(int, nvpair_value_uint64, (const nvpair_t*, uint64_t* value))
REQUIRED(int, nvpair_value_string, (const nvpair_t*, const char** value))
REQUIRED(int, nvpair_value_nvlist, (nvpair_t*, nvlist_t** value))
