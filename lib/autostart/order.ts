// In which order containers are to be started: each after those that it names, and otherwise by its priority.

export interface Wish {
  readonly id: string
  readonly priority: number
  /** It starts when these are ready, or will not be. */
  readonly after: readonly string[]
  /** As `after`, but it does not start when one of them is not ready. They start with it. */
  readonly requires: readonly string[]
}

/** One that waits for itself, by way of others, waits for nobody of these. */
export interface Ordered extends Wish {
  /** The way round, from itself to itself; null for one that is in none. */
  readonly circle: readonly string[] | null
}

/** @param all by id: what each of them waits for may be among them or not */
export function startOrder(all: readonly Wish[]): readonly Ordered[] {
  const wishes = new Map(all.map((wish) => [wish.id, wish]))
  const held = heldByCircles(wishes)
  return [...all]
    .sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1))
    .map((wish) => {
      const circle = held.has(wish.id) ? circleOf(wish.id, held) : null
      if (circle === null) return { ...wish, circle }
      const others = (ids: readonly string[]) => ids.filter((id) => !reaches(id, wish.id, held))
      return { ...wish, after: others(wish.after), requires: others(wish.requires), circle }
    })
}

const waitsFor = (wish: Wish | undefined): readonly string[] =>
  wish === undefined ? [] : [...wish.after, ...wish.requires]

/** Those that are in one, or wait for one that is: what is left when all others have had their turn. */
function heldByCircles(wishes: ReadonlyMap<string, Wish>): ReadonlyMap<string, Wish> {
  const left = new Map(wishes)
  const users = new Map<string, Wish[]>()
  const waits = new Map<string, number>()
  for (const wish of wishes.values()) {
    const among = waitsFor(wish).filter((id) => wishes.has(id))
    waits.set(wish.id, among.length)
    for (const id of among) {
      const known = users.get(id)
      if (known === undefined) users.set(id, [wish])
      else known.push(wish)
    }
  }
  const free = [...wishes.keys()].filter((id) => waits.get(id) === 0)
  for (const id of free) {
    left.delete(id)
    for (const user of users.get(id) ?? []) {
      const others = (waits.get(user.id) ?? 0) - 1
      waits.set(user.id, others)
      if (others === 0) free.push(user.id)
    }
  }
  return left
}

/** The shortest way from it to itself. */
function circleOf(id: string, wishes: ReadonlyMap<string, Wish>): readonly string[] | null {
  const ways: string[][] = waitsFor(wishes.get(id)).map((next) => [id, next])
  const seen = new Set<string>()
  for (const way of ways) {
    const last = way.at(-1) ?? id
    if (last === id) return way
    if (seen.has(last)) continue
    seen.add(last)
    for (const next of waitsFor(wishes.get(last))) ways.push([...way, next])
  }
  return null
}

function reaches(from: string, to: string, wishes: ReadonlyMap<string, Wish>): boolean {
  const seen = new Set([from])
  for (const id of seen) {
    if (id === to) return true
    for (const next of waitsFor(wishes.get(id))) seen.add(next)
  }
  return false
}
