#!/bin/bash
# Builds a minimal Debian system image with systemd from the distribution's archive.
#
#   images/debian/build.sh <bookworm|trixie> <output.tar.zst>
#
# DEBIAN_MIRROR            archive to fetch from; default: the one that this machine's apt uses
# DEBIAN_SECURITY_MIRROR   the same for security updates
# SOURCE_DATE_EPOCH        newest time stamp in the image; default: the date of the archive's release
#
# Ids in the archive are the container's own, beginning with 0.
set -euo pipefail

usage="usage: $0 <bookworm|trixie> <output.tar[.zst|.xz|.gz]>"
suite=${1:?$usage}
output=${2:?$usage}
here=$(cd "$(dirname "$0")" && pwd)

case $suite in
  # The DHCP client is the one that the release's ifupdown recommends. usr-is-merged stands in for
  # usrmerge, which would bring the whole of perl; it needs a root that is merged from the start.
  bookworm) extra=isc-dhcp-client,usr-is-merged hook=merged-usr ;;
  trixie) extra=dhcpcd-base hook= ;;
  *) echo "$0: unknown suite '$suite' (known: bookworm, trixie)" >&2; exit 2 ;;
esac

die() { echo "$0: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || die "must run as root: it unpacks files of several owners"
command -v mmdebstrap >/dev/null || die "mmdebstrap is missing (apt-get install mmdebstrap)"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || die "$keyring is missing (apt-get install debian-archive-keyring)"

. "$here/archive.sh"

work=$(mktemp -d)
# The name keeps its end: mmdebstrap chooses the compression by it.
partial=$(dirname "$output")/.partial.$$.$(basename "$output")
trap 'rm -rf "$work" "$partial"' EXIT

release() { /usr/lib/apt/apt-helper download-file "$1/dists/$2/InRelease" "$work/$2" >/dev/null; }
release "$mirror" "$suite" ||
  die "no release '$suite' at $mirror (set DEBIAN_MIRROR to an archive that can be reached)"
if [ -z "$security" ]; then
  # An archive that has them has them beside itself.
  security=$mirror-security
  release "$security" "$suite-security" || security=$public_security
fi
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^Date: //p' "$work/$suite")" +%s)
fi
export SOURCE_DATE_EPOCH

# What a system needs to boot, to log in, to get an address and to install more. No kernel, no udev.
packages=systemd,systemd-sysv,dbus,login,passwd,procps,iproute2,ifupdown,iputils-ping,netbase,$extra

echo "Debian $suite from $mirror" >&2
mmdebstrap --mode=root --variant=minbase --include="$packages" \
  ${hook:+--hook-dir=/usr/share/mmdebstrap/hooks/$hook} \
  --customize-hook="$here/customize.sh" \
  "$suite" "$partial" \
  "deb [signed-by=$keyring] $mirror $suite main" \
  "deb [signed-by=$keyring] $mirror $suite-updates main" \
  "deb [signed-by=$keyring] $security $suite-security main" >&2
mv "$partial" "$output"
