// Worker entry for piscina, plain JavaScript so that it needs no loader. The same work as burn.ts: { rounds, item } or { rounds, items },
// numbers or records; with `rounds` 0 it is what `skewed` does there.
const burn = (n, rounds) => {
  let x = n | 1
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
}
const work = (item, rounds) => {
  if (rounds === 0) return burn(item, item < 0 ? 100_000 : 1000)
  if (typeof item === 'number') return burn(item, rounds)
  const { ts, method, path, status, bytes, ua, dur } = item
  return { ts, method, path, status, bytes: burn(bytes, rounds), ua, dur }
}
export default ({ rounds, item, items }) => (items === undefined ? work(item, rounds) : items.map((one) => work(one, rounds)))
