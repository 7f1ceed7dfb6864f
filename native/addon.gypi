{ "variables": {
    "addon_sources": [
      "native/addon.cc",
      "native/base/file.cc",
      "native/cgroup/freeze.cc",
      "native/cgroup/hierarchy.cc",
      "native/cgroup/tree.cc",
      "native/cgroup/walk.cc",
      "native/napi/convert.cc",
      "native/napi/environment.cc",
      "native/napi/errors.cc",
      "native/napi/events.cc",
      "native/napi/handle.cc",
      "native/napi/js_thread.cc",
      "native/napi/pool.cc",
      "native/napi/thread.cc",
      "native/ns/child_userns.cc",
      "native/ns/clone_tree.cc",
      "native/ns/copy_file.cc",
      "native/ns/cursor.cc",
      "native/ns/mount.cc",
      "native/ns/pidfd.cc",
      "native/ns/remove_tree.cc",
      "native/ns/rootfs.cc",
      "native/ns/userns.cc"
    ],
    "keeper_sources": [
      "native/base/file.cc",
      "native/cgroup/freeze.cc",
      "native/cgroup/hierarchy.cc",
      "native/cgroup/tree.cc",
      "native/cgroup/walk.cc",
      "native/ns/child_userns.cc",
      "native/ns/clone_tree.cc",
      "native/ns/copy_file.cc",
      "native/ns/cursor.cc",
      "native/ns/mount.cc",
      "native/ns/pidfd.cc",
      "native/ns/remove_tree.cc",
      "native/ns/rootfs.cc",
      "native/ns/userns.cc",
      "native/keeper/main.cc"
    ],
    "addon_defines": [
      "NAPI_VERSION=9",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
    ],
    "addon_cxx_flags": [
      "-std=c++20", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden",
      "-Wall", "-Wextra", "-Wno-missing-field-initializers"
    ] } }
