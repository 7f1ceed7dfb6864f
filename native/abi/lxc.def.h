// The functions that we use of liblxc.so.1.
//
//   REQUIRED(return, name, (args))  absent: the library is unusable
//   OPTIONAL(return, name, (args))  absent: the pointer is null, the feature is off
//   OPTIONAL_DATA(type, name)       the same for a variable
//
// Included several times, with these macros defined; so there is no include guard.
REQUIRED(struct lxc_container*, lxc_container_new, (const char* name, const char* lxcpath))
REQUIRED(int, lxc_container_get, (struct lxc_container*))
REQUIRED(int, lxc_container_put, (struct lxc_container*))
REQUIRED(const char*, lxc_get_version, (void))
REQUIRED(const char*, lxc_get_global_config_item, (const char* key))
REQUIRED(int, list_defined_containers,
         (const char* lxcpath, char*** names, struct lxc_container*** containers))
REQUIRED(int, list_active_containers,
         (const char* lxcpath, char*** names, struct lxc_container*** containers))
REQUIRED(int, lxc_log_init, (struct lxc_log*))
REQUIRED(void, lxc_log_close, (void))
REQUIRED(bool, lxc_config_item_is_supported, (const char* key))
REQUIRED(bool, lxc_has_api_extension, (const char* name))
// Where the log goes and that it goes there for every container. Not in the public header, but
// exported by 5.0 and 6.0: the only way to have a log that is not copied to stderr as well.
OPTIONAL_DATA(int, lxc_log_fd)
OPTIONAL_DATA(bool, lxc_log_use_global_fd)
