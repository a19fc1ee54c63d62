/** The model checker itself: it finds every outcome that there is, and no other; and it knows a race when it sees one. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { POISON, explore, howItFails, type Actor, type ExploreOptions, type Stepping } from './explore.ts'
import { seed } from './seed.ts'
import { suite } from './suite.ts'

type Step = readonly ['load' | 'store' | 'cas' | 'add' | 'exchange', number, number]

interface State extends Record<string, number | readonly number[]> {
  readonly got: number[]
}

const stepArb: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom('load' as const, 'store' as const, 'cas' as const, 'add' as const, 'exchange' as const), fc.nat({ max: 2 }), fc.integer({ min: 1, max: 3 }))
const programArb = fc.array(fc.array(stepArb, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 })

const perform = ([op, at, value]: Step, words: Int32Array, m: Pick<Stepping, 'load' | 'store' | 'cas' | 'add' | 'exchange'>): number => {
  if (op === 'load') return m.load(words, at)
  if (op === 'add') return m.add(words, at, value)
  if (op === 'exchange') return m.exchange(words, at, value)
  if (op === 'cas') return Number(m.cas(words, at, value - 1, value))
  m.store(words, at, value)
  return 0
}

const outcome = (words: Int32Array, got: readonly (readonly number[])[]): string => `${words.join()} ${got.map((one) => one.join()).join(' ')}`

/** Every outcome, by doing it in every order. */
const everyOrder = (program: readonly (readonly Step[])[]): Set<string> => {
  const outcomes = new Set<string>()
  const go = (at: readonly number[], words: Int32Array, got: readonly (readonly number[])[]): void => {
    const open = program.flatMap((steps, i) => (at[i]! < steps.length ? [i] : []))
    if (open.length === 0) outcomes.add(outcome(words, got))
    for (const i of open) {
      const mine = words.slice()
      const answer = perform(program[i]![at[i]!]!, mine, {
        load: (w, x) => w[x]!,
        store: (w, x, value) => { w[x] = value },
        cas: (w, x, expected, value) => w[x] === expected && ((w[x] = value), true),
        add: (w, x, value) => (w[x]! += value) - value,
        exchange: (w, x, value) => [w[x]!, (w[x] = value)][0]!
      })
      go(at.with(i, at[i]! + 1), mine, got.with(i, [...got[i]!, answer]))
    }
  }
  go(program.map(() => 0), new Int32Array(3), program.map(() => []))
  return outcomes
}

const explored = (program: readonly (readonly Step[])[], options: ExploreOptions): Set<string> => {
  let outcomes = new Set<string>()
  explore<State>(() => {
    const words = new Int32Array(3)
    outcomes = new Set()
    return {
      words,
      actors: program.map((steps, i) => ({ name: `actor ${i}`, state: { got: [] }, turns: steps.map((step) => (s: State, m: Stepping) => void s.got.push(perform(step, words, m))) })),
      end: (states) => {
        outcomes.add(outcome(words, states.map(({ got }) => got)))
      }
    }
  }, options)
  return outcomes
}

/** One writes data, then a flag; the other waits for the flag, then reads the data. */
const handOver = (raise: (m: Stepping, words: Int32Array) => void, see: (m: Stepping, words: Int32Array) => number) => () => {
  const words = new Int32Array(2)
  const writer: Actor<State> = {
    name: 'writer',
    state: { got: [] },
    turns: [(_, m) => { m.put(words, 0, 42); raise(m, words); return undefined }]
  }
  const reader: Actor<State> = {
    name: 'reader',
    state: { got: [] },
    turns: [(s, m) => { if (see(m, words) === 1) s.got.push(m.get(words, 0)); return undefined }]
  }
  return {
    words,
    actors: [writer, reader],
    end: (states: readonly State[]) => {
      assert.ok(states[1]!.got.every((data) => data === 42), `read ${states[1]!.got.join()}`)
    }
  }
}

suite('the explorer', (it) => {
  it('finds the outcomes of random programs, every one and no other', () => {
    fc.assert(
      fc.property(programArb, fc.constantFrom('ordered' as const, 'happens-before' as const), (program, plain) => {
        assert.equal([...explored(program, { plain })].sort(), [...everyOrder(program)].sort())
      }),
      { seed, numRuns: 300 }
    )
  })

  it('finds some of them, and no other, when it preempts seldom; more the more it may', () => {
    fc.assert(
      fc.property(programArb, (program) => {
        const all = everyOrder(program)
        let before = 0
        for (const preemptions of [0, 1, 2, 9]) {
          const some = explored(program, { preemptions })
          for (const one of some) assert.ok(all.has(one))
          assert.ok(some.size >= before)
          before = some.size
        }
        assert.is(before, all.size)
      }),
      { seed, numRuns: 100 }
    )
  })

  it('lets data be handed over by an atomic flag', () => {
    explore(handOver((m, w) => { m.store(w, 1, 1) }, (m, w) => m.load(w, 1)))
    explore(handOver((m, w) => { m.exchange(w, 1, 1) }, (m, w) => m.until(w, 1, (flag) => flag === 1)))
    explore(handOver((m, w) => { m.add(w, 1, 1) }, (m, w) => Number(m.cas(w, 1, 1, 2))))
  })

  it('sees that a plain flag hands nothing over, on either side', () => {
    const raises = [(m: Stepping, w: Int32Array): void => { m.put(w, 1, 1) }, (m: Stepping, w: Int32Array): void => { m.store(w, 1, 1) }]
    assert.match(howItFails(handOver(raises[0]!, (m, w) => m.load(w, 1))), new RegExp(`read ${POISON}`))
    // a plain read of the flag is a race itself: what it reads is poison, and the data is not read
    explore(handOver(raises[1]!, (m, w) => m.get(w, 1)))
    assert.match(howItFails(handOver(raises[1]!, (m, w) => (m.get(w, 1) === POISON ? 1 : 0))), /read/)
    explore(handOver(raises[0]!, (m, w) => m.load(w, 1)), { plain: 'ordered' })
  })

  it('makes an error of two plain writes that race', () => {
    const message = howItFails<State>(() => {
      const words = new Int32Array(1)
      const one = (name: string): Actor<State> => ({ name, state: { got: [] }, turns: [(_, m) => { m.put(words, 0, 1); return undefined }] })
      return { words, actors: [one('a'), one('b')], end: () => undefined }
    })
    assert.match(message, /race, of [ab] and [ab]/)
  })

  it('lets a mortal actor die before each of its accesses, or not at all', () => {
    const ends = new Set<string>()
    explore<State>(() => {
      const words = new Int32Array(4)
      const one: Actor<State> = { name: 'one', state: { got: [] }, mortal: 3, turns: [0, 1, 2].map((at) => (_: State, m: Stepping) => { m.store(words, at, 1); return undefined }) }
      return { words, actors: [one], end: (_, { died }) => void ends.add(`${words.join('')} ${died[0]}`) }
    })
    assert.equal([...ends].sort(), ['0001 true', '1001 true', '1101 true', '1110 false'])
  })

  it('tells of those that wait for ever', () => {
    explore<State>(() => {
      const words = new Int32Array(1)
      const one: Actor<State> = { name: 'one', state: { got: [] }, turns: [(_, m) => void m.until(words, 0, (word) => word === 1)] }
      return {
        words,
        actors: [one],
        end: (_, { waits }) => {
          assert.equal(waits, [true])
        }
      }
    })
  })
})
