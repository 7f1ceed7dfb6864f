# Where this machine's apt finds Debian; sourced. Sets $mirror and, where it is known, $security.

public=http://deb.debian.org/debian
public_security=http://deb.debian.org/debian-security

# Where this machine's apt takes the given suite from. It says so also before it has been there.
configured() {
  apt-get --print-uris update 2>/dev/null |
    sed -n "s,^'\(https\?://[^']*\)/dists/$1/InRelease'.*,\1,p" | sed -n 1p
}
. /etc/os-release
host_mirror=
host_security=
if [ "${ID:-}" = debian ]; then
  host_mirror=$(configured "${VERSION_CODENAME:-}")
  host_security=$(configured "${VERSION_CODENAME:-}-security")
fi
mirror=${DEBIAN_MIRROR:-${host_mirror:-$public}}
security=${DEBIAN_SECURITY_MIRROR:-$host_security}

# mmdebstrap runs apt with a configuration of its own; the machine's proxy reaches it by the
# environment, so that it is not written into the image.
for scheme in http https; do
  proxy=$(apt-config dump --format '%v%n' "Acquire::$scheme::Proxy" 2>/dev/null || true)
  case $proxy in
    '' | DIRECT) ;;
    *) variable=${scheme}_proxy; [ -n "${!variable:-}" ] || export "$variable=$proxy" ;;
  esac
done
