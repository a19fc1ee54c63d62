// Worker entry for piscina, plain JavaScript so that it needs no loader. The same function as busy.ts.
const busy = (n) => {
  let x = n | 1
  for (let i = 0; i < 200; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
}
export default (task) => (typeof task === 'number' ? busy(task) : task.map(busy))
