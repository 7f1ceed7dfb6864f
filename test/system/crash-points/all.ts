// Every operation, and every step that has a name, is walked by one of the files beside this one.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { steps, type Step } from '../../../dist/step.js'
import { operations, zfsOperations } from '../../helpers/operations.js'
import { operationsOn } from '../../helpers/step-walk.js'

const here = new URL('.', import.meta.url)
const things = readdirSync(here).flatMap((name) => {
  const call = /walkSteps\(t, (.*)\)/.exec(readFileSync(new URL(name, here), 'utf8'))
  return [...(call?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, thing = '']) => thing)
})
const walked = operationsOn(things)
t.same(
  operations.filter((operation) => !walked.includes(operation)).map(({ name }) => name),
  [],
)
// Those are walked where there is ZFS.
const walkedSteps = new Set([...walked, ...zfsOperations].flatMap(({ steps }) => steps))
t.same(
  (Object.keys(steps) as Step[]).filter((step) => !walkedSteps.has(step)),
  [],
)
