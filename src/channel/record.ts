/**
 * Records as bytes: plain, flat objects, of which most of a channel's items have the same fields. Their names travel as one text, which
 * the other side has seen before; what is in the fields follows without names.
 *
 *     [numbers: how many, fields, characters of the names, then of each field: its number, or its string's length][kinds][names, strings]
 *
 * Three times as fast as `node:v8` and twice as JSON, and the same to a reader. Not for everything: nested objects may share parts, which
 * only `node:v8` keeps. Called by cargo.ts.
 */

/** A record, taken apart. */
export interface Parts {
  readonly numbers: readonly number[]
  readonly kinds: readonly number[]
  /** Names and strings; latin1. */
  readonly text: string
}

/** The fields that some objects have, in their order. */
interface Shape {
  readonly names: readonly string[]
  readonly text: string
  /** An object that has them all, to be copied: sooner done than adding them one by one. */
  readonly template: Readonly<Fields>
}

type Fields = Record<string, unknown>

const NUMBER = 0
const STRING = 1
const TRUE = 2
const FALSE = 3
const NULL = 4
const UNDEFINED = 5

/** Numbers that come before those of the fields. */
const HEAD = 3
const MOST_FIELDS = 64
/** Shapes that are remembered: objects that are used as tables have a new one each. */
const MOST_SHAPES = 512
const BETWEEN = '\u0000'
// names are few, so the text is asked by a pattern
const UNFIT = /[^\u0001-\u00ff]/
const WIDE = /[^\u0000-\u00ff]/

const NONE: Shape = { names: [], text: '', template: {} }
const shapes = new Map<string, Shape>()
/** The shape of the last record of this thread, each way. */
let lastOut = NONE
let lastIn = NONE

const learn = (names: readonly string[], text: string): Shape => {
  if (shapes.size >= MOST_SHAPES) shapes.clear()
  const shape = { names, text, template: Object.fromEntries(names.map((name) => [name, null])) }
  shapes.set(text, shape)
  return shape
}

/** The shape of an object that is not like the last; `undefined` when it can have none. */
const shapeOf = (item: object): Shape | undefined => {
  const names = Object.keys(item)
  if (names.length > MOST_FIELDS) return undefined
  const text = names.join(BETWEEN)
  const known = shapes.get(text)
  if (known !== undefined && known.names.length === names.length) return known
  return names.some((name) => name === '__proto__' || UNFIT.test(name)) ? undefined : learn(names, text)
}

const isLike = (item: object, { names }: Shape): boolean => {
  let i = 0
  for (const name in item) if (name !== names[i++]) return false
  return i === names.length
}

/** Takes a plain object apart; `undefined` when it is no record. */
export const takeApart = (item: object): Parts | undefined => {
  const shape = isLike(item, lastOut) ? lastOut : shapeOf(item)
  if (shape === undefined) return undefined
  const { names } = shape
  const numbers = [0.5, names.length, shape.text.length] // a fraction, so that V8 keeps doubles in it from the beginning
  const kinds: number[] = []
  let text = shape.text
  for (const name of names) {
    const field = (item as Fields)[name]
    switch (typeof field) {
      case 'number':
        kinds.push(NUMBER)
        numbers.push(field)
        break
      case 'string':
        kinds.push(STRING)
        numbers.push(field.length)
        text += field
        break
      case 'boolean':
        kinds.push(field ? TRUE : FALSE)
        break
      case 'undefined':
        kinds.push(UNDEFINED)
        break
      default:
        if (field !== null) return undefined
        kinds.push(NULL)
    }
  }
  if (text.length > shape.text.length && WIDE.test(text)) return undefined
  lastOut = shape
  numbers[0] = numbers.length
  return { numbers, kinds, text }
}

/** The object that {@link takeApart} has taken apart, or an equal one. */
export const putTogether = ({ numbers, kinds, text }: Parts): object => {
  const named = numbers[2]!
  const names = text.slice(0, named)
  const shape = (lastIn = names === lastIn.text && kinds.length === lastIn.names.length ? lastIn : arrived(names, kinds.length))
  const item: Fields = { ...shape.template }
  let at = named
  let n = HEAD
  for (let i = 0; i < kinds.length; i++) {
    const name = shape.names[i]!
    switch (kinds[i]) {
      case NUMBER:
        item[name] = numbers[n++]
        break
      case STRING: {
        const end = at + numbers[n++]!
        item[name] = text.slice(at, end)
        at = end
        break
      }
      case TRUE:
        item[name] = true
        break
      case FALSE:
        item[name] = false
        break
      case UNDEFINED:
        item[name] = undefined
    }
  }
  return item
}

const arrived = (text: string, fields: number): Shape => {
  const known = shapes.get(text)
  if (known !== undefined && known.names.length === fields) return known
  return learn(fields === 0 ? [] : text.split(BETWEEN), text)
}

/** Bytes of a record. */
export const sizeOf = ({ numbers, kinds, text }: Parts): number => numbers.length * 8 + kinds.length + text.length
