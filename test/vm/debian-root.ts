// A directory with a Debian of these packages, from the archive that this machine's apt uses.
import type { Distribution } from './distribution.js'
import { enclosed } from './program.js'

/** How it is made: another one makes another root. */
export const script = `
  . images/debian/archive.sh
  directory=$1 packages=$2 suite=$3 backports=$4
  export preferences=
  for name in $backports; do
    preferences="\${preferences}Package: src:$name
Pin: release n=$suite-backports
Pin-Priority: 990

"
  done
  source() { echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $1 $2 main contrib"; }
  {
    source "$mirror" "$suite"
    source "$mirror" "$suite-updates"
    [ -z "$security" ] || source "$security" "$suite-security"
    [ -z "$backports" ] || source "$mirror" "$suite-backports"
  } |
    mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
      --setup-hook='mkdir -p "$1/etc/apt/preferences.d"' \
      --setup-hook='printf "%s" "$preferences" >"$1/etc/apt/preferences.d/backports"' \
      --aptopt='APT::Install-Recommends "false"' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
      --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
      "$suite" "$directory" -
`

export async function debianRoot(
  directory: string,
  { suite, backports }: Distribution,
  packages: readonly string[],
): Promise<void> {
  const args = [directory, packages.join(), suite, backports.join(' ')]
  await enclosed('bash', ['-euo', 'pipefail', '-c', script, 'bash', ...args])
}
