/**
 * From dead letters back to the items, to go into a stage once more.
 *
 *     in  {fetch, 'a'}--{parse, 'b'}--{fetch, 'c'}--|   replay('fetch')    out  a-----------------c--|
 *     lane blocking          state none                 fuses yes
 */
import { argumentError } from '../error/pipeline-error.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu, type PlainOptions } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

/** What `replay` needs of a dead letter; one that was written and read again has it too. */
export interface Replayable {
  readonly stage: string
  readonly item: unknown
  /** False: `item` is a preview. Default true. */
  readonly whole?: boolean | undefined
}

export const kernel: Kernel = {
  kind: 'replay',
  each: (g, item) => {
    const y = g.fresh('y')
    return `if (${g.args}.stages.length === 0 || ${g.args}.stages.includes(${item}.stage)) {
      if (${item}.whole === false) throw new TypeError('replay: the letter of stage ' + ${item}.stage + ' holds a preview: its item could not be cloned');
      ${y} = ${item}.item; ${g.emit(y)}
    }`
  }
}

/**
 * Lets the items of dead letters through, as they entered the stage that set them aside: of one stage, of several, or of all.
 * What follows should begin with that stage, or with what stands for it.
 *
 * **Order**   kept
 * **Cost**    one comparison per letter; fuses
 * **Errors**  a letter that holds no more than a preview (`whole: false`) is handled by `onError`
 * **Memory**  none
 * **Source**  the redrive of a dead-letter queue (Amazon SQS)
 * @example
 * const letters = [{ stage: 'fetch', item: 'a' }, { stage: 'parse', item: 'b' }, { stage: 'fetch', item: 'c' }]
 * await from(letters).pipe(replay<string>('fetch')).toArray() // => ['a', 'c']
 */
export const replay = <A>(stages: string | readonly string[] = [], options: PlainOptions = {}): Flow<Replayable, A> => {
  const list: readonly unknown[] = typeof stages === 'string' ? [stages] : stages
  if ((!Array.isArray(stages) && typeof stages !== 'string') || list.some((stage) => typeof stage !== 'string' || stage === '')) {
    throw argumentError('type', 'replay: stages must be names of stages', `got ${typeof stages}`, 'give one name, several, or none for all letters')
  }
  return flowOf(cpu('replay', {}, options, { args: { stages: list.map(String) } }), options.name)
}
