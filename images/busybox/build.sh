#!/bin/bash
# Builds the smallest system image that boots: one static busybox as init, shell and everything.
#
#   images/busybox/build.sh <output.tar[.zst|.xz|.gz]>
#
# BUSYBOX             the static binary; default: the one of Debian's busybox-static
# SOURCE_DATE_EPOCH   time stamp of every file; default: that of the binary
#
# init answers SIGUSR2 with power off, SIGUSR1 with halt and SIGTERM with reboot. Does not need root.
set -euo pipefail

usage="usage: $0 <output.tar[.zst|.xz|.gz]>"
output=${1:?$usage}
busybox=${BUSYBOX:-/bin/busybox}

die() { echo "$0: $*" >&2; exit 1; }
[ -x "$busybox" ] || die "$busybox is missing (apt-get install busybox-static)"
! ldd "$busybox" >/dev/null 2>&1 || die "$busybox is not static (apt-get install busybox-static)"
"$busybox" --list | grep -x init >/dev/null || die "$busybox has no init"
epoch=${SOURCE_DATE_EPOCH:-$(stat -L -c %Y "$busybox")}

work=$(mktemp -d)
# The name keeps its end: tar chooses the compression by it.
partial=$(dirname "$output")/.partial.$$.$(basename "$output")
trap 'rm -rf "$work" "$partial"' EXIT
umask 022
root=$work/root

mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,mnt,root,tmp,home} \
  "$root"/{etc/init.d,etc/network,usr/bin,usr/sbin,var/log}
chmod 0700 "$root/root"
chmod 1777 "$root/tmp"
ln -s /run "$root/var/run"
install -m 0755 "$busybox" "$root/bin/busybox"
# Hundreds of links by one process.
"$busybox" --list-full | (cd "$root" && perl -ne '
  chomp;
  next if m{^(bin/busybox|linuxrc)$};
  symlink("/bin/busybox", $_) or die "$_: $!\n";
')

cat >"$root/etc/inittab" <<'END'
::sysinit:/etc/init.d/rcS
console::askfirst:-/bin/sh
::ctrlaltdel:/sbin/reboot
::restart:/sbin/init
END
cat >"$root/etc/init.d/rcS" <<'END'
#!/bin/sh
ip link set lo up
[ ! -s /etc/hostname ] || hostname -F /etc/hostname
[ ! -e /etc/network/interfaces ] || ifup -a
END
chmod 0755 "$root/etc/init.d/rcS"
cat >"$root/etc/passwd" <<'END'
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
END
cat >"$root/etc/group" <<'END'
root:x:0:
tty:x:5:
nogroup:x:65534:
END
cat >"$root/etc/shadow" <<'END'
root:*:19000:0:99999:7:::
nobody:*:19000:0:99999:7:::
END
chmod 0640 "$root/etc/shadow"
cat >"$root/etc/hosts" <<'END'
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
END
version=$("$busybox" | sed -n '1s/^BusyBox v\([0-9.]*\).*/\1/p')
cat >"$root/etc/os-release" <<END
ID=busybox
NAME=BusyBox
VERSION_ID=$version
PRETTY_NAME="BusyBox $version"
END
: >"$root/etc/machine-id"

tar --create --file "$partial" --auto-compress --directory "$root" --format=pax \
  --pax-option=delete=atime,delete=ctime --owner=0 --group=0 --numeric-owner --sort=name \
  --mtime="@$epoch" .
mv "$partial" "$output"
