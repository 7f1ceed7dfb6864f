# The build that users get (node-gyp, prebuildify). CMakeLists.txt is the workbench.
# Both read native/addon.gypi, so a source file is named once.
{
  "includes": ["native/addon.gypi"],
  "targets": [
    {
      "target_name": "addon",
      "sources": ["<@(addon_sources)"],
      "defines": ["<@(addon_defines)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")", "native"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["<@(addon_cxx_flags)"],
      # See native/README.md, "What the linker is told".
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-Bsymbolic-functions"],
      "libraries": ["-ldl"]
    },
    {
      # The single-threaded program that starts containers; see native/keeper/README.md.
      "target_name": "keeper",
      "type": "executable",
      "sources": ["<@(keeper_sources)"],
      "include_dirs": ["native"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["<@(addon_cxx_flags)"],
      # Its own C++ library: every mapping fewer makes a fork faster. What it exports is what
      # native/keeper/interpose.cc takes over.
      "ldflags": ["-static-libstdc++", "-static-libgcc", "<@(keeper_ldflags)"],
      "libraries": ["-ldl"]
    },
    {
      # The first process of containers that are started for a program alone. It has no libraries, as it
      # runs where there may be none; where it knows the kernel's calls by itself, not even libc.
      "target_name": "init",
      "type": "executable",
      "sources": ["<@(init_sources)"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["<@(addon_cxx_flags)", "<@(init_cxx_flags)"],
      "ldflags": ["-static"],
      "conditions": [
        ["target_arch in 'x64 arm64'", {"ldflags": ["-nostdlib"]}]
      ]
    }
  ]
}
