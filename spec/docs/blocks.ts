/**
 * Finds the code that the documentation shows: ```ts blocks of Markdown, and `@example`s of doc comments. Pure, over text.
 *
 * A Markdown block with `<!-- not run: REASON -->` on the line before, or an example whose first line is `// not run: REASON`, is
 * type-checked only. A block whose first line is `// name.ts` becomes a file of that name, which other blocks of the page import.
 */

export interface Block {
  /** The file that shows it, and the line there of its first line of code; 1-based. */
  readonly file: string
  readonly line: number
  readonly code: string
  readonly kind: 'markdown' | 'example'
  /** Why it is not run; `undefined` when it is. */
  readonly notRun: string | undefined
  /** The name that it gives itself. */
  readonly name: string | undefined
}

const MARKER = /^<!-- not run: (.+) -->$/
const NAMED = /^\/\/ ([\w-]+\.ts)$/

const nameOf = (code: string): string | undefined => NAMED.exec(code.split('\n', 1)[0]!)?.[1]

export const markdownBlocks = (file: string, text: string): readonly Block[] => {
  const blocks: Block[] = []
  const lines = text.split('\n')
  let notRun: string | undefined
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim()
    const marker = MARKER.exec(line)
    if (marker !== null) {
      if (!/^```ts$/.test(lines[i + 1] ?? '')) throw new Error(`${file}:${i + 1}: the marker "not run" is not followed by a \`\`\`ts block`)
      notRun = marker[1]
    }
    if (!/^```ts$/.test(lines[i]!)) continue
    const end = lines.indexOf('```', i)
    if (end < 0) throw new Error(`${file}:${i + 1}: the block has no end`)
    const code = lines.slice(i + 1, end).join('\n')
    blocks.push({ file, line: i + 2, code, kind: 'markdown', notRun, name: nameOf(code) })
    notRun = undefined
    i = end
  }
  return blocks
}

/** The lines of a doc comment's text, each with its number in the file. */
const commentLines = (comment: string, first: number): readonly { readonly text: string; readonly line: number }[] =>
  comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((text, i) => ({ text: text.replace(/^\s*\* ?/, '').trimEnd(), line: first + i }))

export const exampleBlocks = (file: string, text: string): readonly Block[] => {
  const blocks: Block[] = []
  for (const found of text.matchAll(/(?<=^[ \t]*)\/\*\*[\s\S]*?\*\//gm)) {
    const lines = commentLines(found[0], text.slice(0, found.index).split('\n').length)
    for (let i = 0; i < lines.length; i++) {
      const tag = /^\s*@example\b(.*)$/.exec(lines[i]!.text)
      if (tag === null) continue
      const after = lines.findIndex((line, k) => k > i && /^\s*@\w/.test(line.text))
      const rest = lines.slice(i + 1, after < 0 ? undefined : after)
      const shown = [{ text: tag[1]!, line: lines[i]!.line }, ...rest].filter((line) => !line.text.startsWith('```'))
      while (shown[0]?.text.trim() === '') shown.shift()
      while (shown.at(-1)?.text.trim() === '') shown.pop()
      if (shown.length === 0) throw new Error(`${file}:${lines[i]!.line}: the @example is empty`)
      const notRun = /^\/\/ not run: (.+)$/.exec(shown[0]!.text.trim())?.[1]
      blocks.push({ file, line: shown[0]!.line, code: shown.map((line) => line.text).join('\n'), kind: 'example', notRun, name: undefined })
    }
  }
  return blocks
}
