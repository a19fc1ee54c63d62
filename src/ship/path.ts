/** Places in a value, as text: `user.tags[3]["odd key"]`. Called by interpret.ts and issue.ts, so that both say the same. */

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/
const INDEX = /^(?:0|[1-9]\d*)$/

export const joinPath = (path: string, key: string): string => {
  if (INDEX.test(key)) return `${path}[${key}]`
  if (!IDENTIFIER.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}
