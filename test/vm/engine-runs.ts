// Which of the engine's files is run in which machine.
import type { DistributionName } from './distribution.js'
import { engineFiles, isWalk, needsZfs, onFirstOnly, onZfsAlone, onZfsToo } from './engine-files.js'

export interface EngineRun {
  readonly file: string
  readonly distribution: DistributionName
  /** Whether its machine has ZFS. */
  readonly zfs: boolean
  /** Of which its pools are datasets; null: they are directories. */
  readonly zpool: string | null
  readonly processors: number
}

export interface Selection {
  readonly distributions: readonly DistributionName[]
  /** Files or folders; none: all of it. */
  readonly paths?: readonly string[]
  /** Only what has its pools there; null: both. */
  readonly storage?: 'dir' | 'zfs' | null
}

/** What takes long is first: begun last, it would be alone with all processors. */
export function engineRuns({ distributions, paths = [], storage = null }: Selection): EngineRun[] {
  const everything = paths.length === 0 && storage === null
  const files = engineFiles(paths)
  const inTurn = [...files.filter(isWalk), ...files.filter((file) => !isWalk(file))]
  return distributions.flatMap((distribution, index) => {
    const first = index === 0
    return inTurn.flatMap((file): EngineRun[] => {
      if (!first && onFirstOnly(file)) return []
      // One takes an emulator two thirds of the time. What must do with two does so in the first distribution, and what is
      // walked has an order.
      const processors = first && !isWalk(file) ? 2 : 1
      const own = { file, distribution, zpool: null, processors }
      const runs: EngineRun[] = []
      if (needsZfs(file)) runs.push({ ...own, zfs: true })
      else if (storage !== 'zfs' && !(everything && onZfsAlone(file))) {
        runs.push({ ...own, zfs: false })
      }
      if (first && storage !== 'dir' && onZfsToo(file)) {
        runs.push({ ...own, zfs: true, zpool: 'lab', processors: 1 })
      }
      return runs
    })
  })
}
