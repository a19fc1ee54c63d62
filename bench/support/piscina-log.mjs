// Worker entry for piscina: one part of a log. Registers tsx, since the parser is TypeScript and Node 20 threads do not inherit it.
const { register } = await import('tsx/esm/api')
register()
const { readPart } = await import('./log-by-hand.ts')
export default ({ file, start, end }) => readPart(file, start, end)
