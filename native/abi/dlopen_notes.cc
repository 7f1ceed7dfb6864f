// Names the libraries that are opened at run time in ELF notes, where packagers find them
// (`systemd-analyze dlopen-metadata`); the dynamic section does not know of them.
// Format: https://uapi-group.org/specifications/specs/elf_dlopen_metadata/

// In assembly, because the compiler would make a writable section of it, aligned too widely.
#define NOTE(json)                                \
  asm(".pushsection .note.dlopen,\"a\",%note\n"   \
      ".balign 4\n"                               \
      ".long 4, 2f - 1f, 0x407c0c0a\n" /* type */ \
      ".asciz \"FDO\"\n"                          \
      "1: .asciz \"" json                         \
      "\"\n"                                      \
      "2: .balign 4\n"                            \
      ".popsection")

#define LIBRARY(feature, description, priority, soname)                             \
  NOTE("[{\\\"feature\\\":\\\"" feature "\\\",\\\"description\\\":\\\"" description \
       "\\\",\\\"priority\\\":\\\"" priority "\\\",\\\"soname\\\":[\\\"" soname "\\\"]}]")

LIBRARY("lxc", "Starts and controls containers", "required", "liblxc.so.1");
LIBRARY("zfs", "Pools on ZFS", "recommended", "libzfs_core.so.3");
LIBRARY("zfs", "Arguments of ZFS calls", "recommended", "libnvpair.so.3");
