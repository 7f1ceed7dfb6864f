// Every operation, and every step that has a name, is walked by one of the files beside this one.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { steps, type Step } from '../../../dist/step.js'
import { operations, zfsOperations, type Operation } from '../../helpers/operations.js'
import { operationsOn } from '../../helpers/step-walk.js'

const here = new URL('.', import.meta.url)
const files = readdirSync(here).map((name) => readFileSync(new URL(name, here), 'utf8'))

/** What the files walk by such a call. */
function walkedBy(call: string, all: readonly Operation[]): readonly Operation[] {
  const things = files.flatMap((text) => {
    const found = new RegExp(`${call}\\(t, (.*)\\)`).exec(text)
    return [...(found?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, thing = '']) => thing)
  })
  return operationsOn(things, all)
}

const walked = walkedBy('walkSteps', operations)
const walkedOnZfs = walkedBy('walkStepsOnZfs', zfsOperations)
const missing = [...operations, ...zfsOperations].filter(
  (operation) => !walked.includes(operation) && !walkedOnZfs.includes(operation),
)
t.same(
  missing.map(({ name }) => name),
  [],
)
const walkedSteps = new Set([...walked, ...walkedOnZfs].flatMap(({ steps }) => steps))
t.same(
  (Object.keys(steps) as Step[]).filter((step) => !walkedSteps.has(step)),
  [],
)
