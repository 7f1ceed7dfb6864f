#!/bin/sh
# Turns a freshly installed Debian root into a container's: run by mmdebstrap with the root as $1.
set -eu
root=$1
suite=$(. "$root/etc/os-release" && echo "$VERSION_CODENAME")

# Nothing of the machine that built it. An empty machine-id means "not the first boot", and gets a
# value from whoever creates the container.
rm -f "$root/etc/hostname" "$root/etc/resolv.conf" "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"
chmod 0444 "$root/etc/machine-id"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/* "$root"/tmp/* "$root"/run/*
install -d -m 0755 "$root/var/cache/apt/archives" "$root/var/lib/apt/lists" "$root/var/log/apt"
install -d -m 0700 "$root/var/cache/apt/archives/partial"

# passwd leaves root's password empty, and there is a getty on the console.
chroot "$root" usermod --password '*' root
rm -f "$root/etc/shadow-"

cat >"$root/etc/hosts" <<END
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
END

cat >"$root/etc/network/interfaces" <<END
auto lo
iface lo inet loopback

source /etc/network/interfaces.d/*
END

# Units that an unprivileged container cannot serve (kernel file systems, modules, block devices),
# and the one that syncs every file system of the host to write a machine-id.
for unit in sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  sys-fs-fuse-connections.mount dev-hugepages.mount proc-sys-fs-binfmt_misc.automount \
  systemd-modules-load.service kmod-static-nodes.service systemd-machine-id-commit.service \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@tty1.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
mkdir -p "$root/etc/systemd/system/getty.target.wants"
ln -sf /lib/systemd/system/console-getty.service "$root/etc/systemd/system/getty.target.wants/"
# "As new as /usr" (their time stamps are compared): spares every container's first boot the
# rebuilding of caches that the packages have just built.
touch "$root/etc/.updated" "$root/var/.updated"

# The guest updates itself from the distribution, not from the mirror it was built from.
rm -f "$root"/etc/apt/sources.list.d/*
cat >"$root/etc/apt/sources.list" <<END
deb http://deb.debian.org/debian $suite main
deb http://deb.debian.org/debian $suite-updates main
deb http://deb.debian.org/debian-security $suite-security main
END
