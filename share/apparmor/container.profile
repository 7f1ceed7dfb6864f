# What AppArmor adds to the confinement of a container. Namespaces, capabilities, seccomp, device rules
# and masked files hold it already, also where there is no AppArmor. So this profile lets a
# distribution's init do what it is there for, mounting above all, and says once more what is the
# host's: LXC's own profiles refuse the mounts of systemd 257 and of util-linux 2.41.
#
# The name is made of the content, so that another version of this file is another profile.

profile @NAME@ flags=(attach_disconnected,mediate_deleted) {
  capability,
  dbus,
  file,
  mount,
  network,
  pivot_root,
  remount,
  umount,
  unix,
  # Left out for parsers that do not know it, before AppArmor 4.
  userns,

  # Within the container, and from outside; never towards the outside.
  ptrace (readby, tracedby),
  ptrace peer=@NAME@,
  signal (receive),
  signal peer=@NAME@,

  deny /proc/acpi/** rwklx,
  deny /proc/bus/** wklx,
  deny /proc/kcore rwklx,
  deny /proc/sysrq-trigger rwklx,
  deny /sys/firmware/** wklx,
  deny /sys/fs/bpf/** wklx,
  deny /sys/fs/pstore/** wklx,
  deny /sys/kernel/debug/** rwklx,
  deny /sys/kernel/security/** rwklx,
  deny /sys/module/** wklx,
}
