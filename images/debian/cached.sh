#!/bin/bash
# Prints the path of a Debian image, which is built when it is not there yet.
#
#   images/debian/cached.sh <bookworm|trixie>
#
# Images are kept in the user's cache directory until one of the scripts here changes.
set -euo pipefail

suite=${1:?usage: $0 <bookworm|trixie>}
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vpsadminos/images
key=$(cat "$here"/build.sh "$here"/customize.sh | sha256sum | cut -c 1-12)
image=$cache/debian-$suite-$(uname -m)-$key.tar.zst

mkdir -p "$cache"
# Tests run at the same time; one of them builds.
exec 9>>"$image.lock"
flock 9
[ -e "$image" ] || "$here/build.sh" "$suite" "$image"
echo "$image"
