// Numbers for people.

const UNITS = [
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
] as const

/** `512M`, `1.5G` */
export function bytes(value: number): string {
  const unit = UNITS.find(([, size]) => Math.abs(value) >= size)
  return unit === undefined ? String(value) : `${rounded(value / unit[1])}${unit[0]}`
}

/** `12s`, `03:25`, `2:03:25`, `3d 02:03:25` */
export function microseconds(value: number): string {
  return seconds(value / 1e6)
}

function seconds(value: number): string {
  if (value < 60) return `${rounded(value)}s`
  const whole = Math.floor(value)
  const two = (number: number) => String(number).padStart(2, '0')
  const [days, hours, minutes] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ]
  const rest = `${two(minutes)}:${two(whole % 60)}`
  if (days > 0) return `${days}d ${two(hours)}:${rest}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100)
}
