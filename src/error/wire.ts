/**
 * Errors as plain data, for crossing threads, and back.
 *
 * Structured clone drops subclasses, `code` and an AggregateError's list, and on Node 20 turns a DOMException into `{}`; so
 * errors are taken apart by hand: class name, message, stack, code, cause, errors and own fields survive. An error of a
 * class that the other side does not know arrives as an Error with that name.
 * Called by exec/ on both sides. Touches nothing.
 */
import { inspect } from 'node:util'
import { DecodeError } from './decode-error.ts'
import { PipelineError, type PipelineErrorInit } from './pipeline-error.ts'

/** What was thrown: an error taken apart, or any other value. Survives structured clone. */
export type WireError =
  | { readonly type: 'value'; readonly value: unknown }
  | {
      readonly type: 'error'
      readonly name: string
      readonly message: string
      readonly stack: string | undefined
      readonly cause: WireError | undefined
      readonly errors: readonly WireError[] | undefined
      readonly fields: Readonly<Record<string, unknown>>
    }

/** Causes of causes that are told; a cycle ends there. */
const DEPTH = 8
/** Longest preview of a value that cannot travel, in characters. */
const PREVIEW = 2000
/** Told by members of their own, or by the class. */
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors'])

const portable = (value: unknown): unknown => {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')) return value
  try {
    return structuredClone(value)
  } catch {
    return inspect(value, { depth: 2 }).slice(0, PREVIEW)
  }
}

/** Works for a DOMException too, whose members are not its own. */
const isError = (value: unknown): value is Error =>
  value instanceof Error || (typeof DOMException === 'function' && value instanceof DOMException)

const fieldsOf = (error: Error): Record<string, unknown> => {
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error)) if (!OWN.has(key)) fields[key] = isError(value) ? value.message : portable(value)
  return fields
}

/** The name that the class gives when the error itself says no more than `Error`. */
const nameOf = (error: Error): string => {
  const { name } = error
  const { constructor: made } = error as { constructor?: { name?: unknown } }
  return name === 'Error' && typeof made?.name === 'string' && made.name !== '' ? made.name : name
}

/** Takes apart what was thrown. Never throws. */
export const encodeError = (error: unknown, depth = 0): WireError => {
  if (!isError(error)) return { type: 'value', value: portable(error) }
  const { cause, errors } = error as Error & { errors?: unknown }
  const deeper = depth < DEPTH
  return {
    type: 'error',
    name: nameOf(error),
    message: error.message,
    stack: error.stack,
    cause: cause === undefined || !deeper ? undefined : encodeError(cause, depth + 1),
    errors: Array.isArray(errors) && deeper ? errors.map((each) => encodeError(each, depth + 1)) : undefined,
    fields: fieldsOf(error)
  }
}

const builtins: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError
}

const blank = (wire: Extract<WireError, { type: 'error' }>): Error => {
  const { name, message } = wire
  if (name === 'PipelineError') return new PipelineError({ ...(wire.fields as unknown as PipelineErrorInit), message })
  if (name === 'AggregateError') return new AggregateError([], message)
  if (name === 'DecodeError') return new DecodeError((wire.fields['issues'] ?? []) as DecodeError['issues'])
  if (name === 'AbortError' || name === 'TimeoutError') return new DOMException(message, name)
  const Known = builtins[name]
  return Known === undefined ? new Error(message) : new Known(message)
}

const put = (error: Error, key: string, value: unknown, enumerable: boolean): void => {
  // Own `code` of a DOMException cannot be written; everything else can.
  try {
    Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true })
  } catch {
    // a frozen member of a built-in class: the class's own value stands
  }
}

/** Puts an error together again. */
export const decodeError = (wire: WireError): unknown => {
  if (wire.type === 'value') return wire.value
  const error = blank(wire)
  if (!(error instanceof DOMException)) {
    if (error.name !== wire.name) put(error, 'name', wire.name, false)
    for (const [key, value] of Object.entries(wire.fields)) put(error, key, value, true)
  }
  if (wire.stack !== undefined) put(error, 'stack', wire.stack, false)
  if (wire.cause !== undefined) put(error, 'cause', decodeError(wire.cause), false)
  if (wire.errors !== undefined) put(error, 'errors', wire.errors.map(decodeError), false)
  return error
}
