# Sourced first by the scripts that npm runs: goes to the project, and out of a chroot if we are in one.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/progress.sh

creates_user_namespaces() { "$@" unshare --user true 2>/dev/null; }
if [ "$(id -u)" -eq 0 ] && ! creates_user_namespaces &&
  creates_user_namespaces perl scripts/own-root.pl; then
  echo "In a chroot no container can be made, so this goes on in a mount namespace of its own."
  # Made by `mktemp -d`, for example. A container's root is nobody special to it.
  if [ $((0$(stat -c %a /) & 1)) -eq 0 ]; then
    echo "Nobody but root may enter /, which no Debian has: setting its mode to 0755."
    chmod 0755 /
  fi
  PWD=$(pwd) exec perl scripts/own-root.pl bash "scripts/$(basename "$0")" "$@"
fi
