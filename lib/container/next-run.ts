// What a running container's next run begins with. A reboot from inside takes what is there then, also when
// nobody has the host open.

import { isNotRunning } from '../keeper/errors.js'
import { writeLxcFile } from './lxc-file.js'
import type { ContainerRecord } from './record.js'
import { presentPlan } from './start-plan.js'

export async function tellNextRun(record: ContainerRecord): Promise<void> {
  // What is being started has not read it yet, perhaps: that it begins with what was written for it is
  // what `pending` goes by. Who starts it writes it again afterwards.
  if (record.beginning) return
  writeLxcFile(record)
  const keeper = await record.host.keeper()
  const { present } = record.imageRun
  try {
    await keeper.planNext(presentPlan(record))
  } catch (error) {
    // It has ended meanwhile: who starts it tells what is then.
    if (isNotRunning(error)) return
    // It has rebooted meanwhile, of which the keeper has told before its answer.
    if (present && !record.imageRun.present) await keeper.planNext(presentPlan(record))
    else throw error
  }
}
