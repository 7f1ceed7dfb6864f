// A directory with a Debian 13 of these packages, from the archive that this machine's apt uses.
import { program } from './program.js'

/** How it is made: another one makes another root. */
export const script = `
  . images/debian/archive.sh
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  sources="deb [signed-by=$keyring] $mirror trixie main contrib
deb [signed-by=$keyring] $mirror trixie-updates main contrib"
  [ -z "$security" ] || sources="$sources
deb [signed-by=$keyring] $security trixie-security main contrib"
  exec mmdebstrap --quiet --mode=root --variant=minbase --include="$2" \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    trixie "$1" - <<<"$sources"
`

export async function debianRoot(directory: string, packages: readonly string[]): Promise<void> {
  await program('bash', ['-euc', script, 'bash', directory, packages.join(',')])
}
