/**
 * Why a target was not reached, and what would reach it: what profiles have shown (`--cpu-prof`), and CPU time, which a machine that is shared
 * disturbs less than wall time. report.ts puts the first entry that fits below a row that missed. An entry whose row is met
 * stays unused, and can go.
 */
import type { Row } from '../support/row.ts'

export interface Missed {
  readonly bench: string
  /** Which rows of it, by their work and rival. */
  readonly fits: RegExp
  readonly why: string
  readonly remedy: string
}

const missed: readonly Missed[] = [
  {
    bench: 'channel-record',
    fits: /tokio.*2 workers/,
    why: `A record costs 175 to 210 ns of CPU here, all threads together. In one thread, with nothing between, making it, encoding it and reading it out of its columns take 116;
  what is left is two threads that wake each other (10 to 18 us a frame of 2048) and the garbage, half of which V8's helper threads collect. In Tokio two tasks on
  two workers cost 120 ns and no system call: a task that is woken runs on the worker that woke it, so nothing crosses while the other core is
  busy. With a thread for each side it costs 760 ns.`,
    remedy: `loops of tasks that gather the fields of a record where the user's function makes it, as they read them already (\`src/operator/loop/generate.ts\`): encoding takes 75 of
  the 100 ns of that side. Checking an object's keys makes V8 make it, so they would have to be known. docs/decisions/0022 has what was tried.`
  },
  {
    bench: 'channel-record',
    fits: /tokio/,
    why: `A record costs 175 to 210 ns of CPU here, all threads together, of which 116 are making, encoding and reading it. Where more threads want to run than there
  are cores, each side waits for its turn besides, once per frame.`,
    remedy: 'as above, and a machine whose cores are free, so that both sides run at once.'
  },
  {
    bench: 'channel-record',
    fits: /postMessage/,
    why: `The peer costs three to four times the CPU of ours; making the records, and making them anew on the side that takes them, is a part that both have (40 of our 175 to
  210 ns), so a ratio of 5 would leave less for all the rest than laying out and checking the fields takes.`,
    remedy: 'as above.'
  },
  {
    bench: 'channel-number',
    fits: /tokio/,
    why: `A number costs 8 ns of CPU from a worker to the loop and 10 the other way, both sides together, of which the two loops over it are 4 and the copies into and out of
  frames 1. The rest is threads that wake each other: morsels are done before the next one comes, so that each of them is a sleep and a
  wake-up, which need a core that is free.`,
    remedy: 'measuring where nothing else runs; larger morsels where the loop is the one that is slower (`src/exec/chain/handout.ts`).'
  },
  {
    bench: 'cpu-map',
    fits: /^0\.2 us.*numbers/,
    why: `Beside 200 ns of work a number costs 15 to 20 ns in the workers, and 28 on the main thread, which competes with them for two cores that together do 1.75 to 1.9 times the
  work of one: 1.5 is what is left. Where the sum is made on the workers, so that nothing comes back, it is 1.5 (the benchmark pool).`,
    remedy: 'a third core for the main thread; less there per number: the loop that makes them and the one that adds them up take 5 ns, the rest is frames.'
  },
  {
    bench: 'cpu-map',
    fits: /^0\.2 us/,
    why: 'A record costs several times what a number does to cross, twice; part of it is the main thread\'s, which competes with two workers for two cores.',
    remedy: 'what channel-record names.'
  },
  {
    bench: 'cpu-map',
    fits: /plain for loop/,
    why: `Two busy threads do not do twice the work of one on this machine: batches in piscina, which cost nothing to speak of beside such work, reach 1.7 to 1.9, and so do ours for
  numbers. The first 4 ms of a run are on the caller's loop, and one worker ends the last morsel alone. Records of 100 us stay behind
  numbers because of frames, not items: a morsel of 2 ms is 20 of them, and a frame of so few costs more than its items (docs/decisions/0022).`,
    remedy: 'cores that share nothing; longer morsels (4 ms: 2 % less CPU, 8 ms: 3 to 5; growing with the run they gained nothing); a run that begins on the pool at once where it is warm (`src/exec/chain/chain-task.ts`).'
  },
  {
    bench: 'skew',
    fits: /idle/,
    why: `Workers wait for morsels while the main thread, which hands them out and takes the results, waits for a core: with the cores shared its turn comes late, and then
  even the 14 morsels that lie ready are worked off. The share includes 3 to 4 ms of beginning and end of a run of a few hundred milliseconds.`,
    remedy: `measuring where nothing else runs, with the full size. (Items are handed out 6 morsels ahead for each worker, where 2 left them idle for 5 to 12 %: now 1 to 3 % in the
  quietest rounds.)`
  },
  {
    bench: 'fused',
    fits: /loop by hand/,
    why: `The loop by hand is 0.96 ns an item, ours 1.2 once V8 has compiled it; a run costs 1.5 to 2 ms besides (planning it, and the report). In CPU, later rounds: 5 M items 8 to 9 ms
  against 4.8, which is 0.54 to 0.6; 2 M items, the smaller size, 4.1 against 1.9, which is 0.47, and its few rounds are those in which V8 still compiles.`,
    remedy: 'planning that remembers pipelines of the same form (`src/plan`); what is left in the loop is within a fifth of the loop by hand (decision 0026).'
  },
  {
    bench: 'io-map',
    fits: /timers/,
    why: `64 calls in each round of the timers are the most that timers of 1 ms allow, to anybody ("bare timers, waves of 64"), so no ratio of 3 is possible. What the timers of one
  round have answered is taken up and sent on together: 2.3 us of CPU an item, 1.3 of them the timer's; 0.9 of the bare timers' rate.`,
    remedy: 'none: the timers are the bound.'
  },
  {
    bench: 'io-map',
    fits: /resolved/,
    why: `By the CPU time of the thread 60000 items are 3.1 to 3.2 times as fast as with p-map and 200000 are 4 times (150 ns an item, 55 of them for the promise and for hearing it);
  4 times Effect.forEach. The smaller size is near the bound: 1.5 ms of its 12 start a run, and V8 compiles until about 100000 items have been through, on a second thread, which a busy machine does not have.`,
    remedy: 'less that a run does before its first item (`src/plan`, `src/exec/run.ts`); a machine with an idle core.'
  },
  {
    bench: 'ndjson',
    fits: /by hand/,
    why: `Within the spread of the runs. By hand the file is cut in two at once; ours begins on the caller's loop and hands out a MiB at a time, which costs some milliseconds of a run of
  400, and takes them back where one half is slower than the other.`,
    remedy: 'larger inputs; a run that begins on the pool at once where it is warm (`src/exec/chain/chain-task.ts`).'
  },
  {
    bench: 'ndjson',
    fits: /main thread/,
    why: `The share counts the time in which the main thread had work and no core. It hands out a MiB at a time, and is woken when few splits lie ready, or for results that it waits
  for. The access-log job, whose parts of the summary are combined on a worker, uses 160 to 190 ms of CPU there for 213 MB (240 to 280 before, and 2.1 s of wall time where
  the machine does nothing else); with twenty threads ready to run the share is 9 to 16 %, most of it waiting for a core.`,
    remedy: 'measuring where nothing else runs.'
  },
  {
    bench: 'latency',
    fits: /p99/,
    why: `Half of the items are back within a fraction of a millisecond. The slowest hundredth waited for a core; so did those of the peers, for three times as long and
  more, in the same rounds.`,
    remedy: 'measuring where nothing else runs.'
  },
  {
    bench: 'latency',
    fits: /p50/,
    why: 'Items waited for a core: the emitter keeps one busy, the worker needs another.',
    remedy: 'measuring where nothing else runs.'
  },
  {
    bench: 'sync/tasks',
    fits: /one by one.*piscina/,
    why: `There and back is two wake-ups, and 50 us of CPU where piscina uses 25: half of them is \`Atomics.notify\`, which calls the system, and then the worker often runs on the
  very core of the thread that woke it. That the worker looks a moment longer before it parks was tried and left out: the main thread was back within 50 us in one job of a thousand.`,
    remedy: `fewer wake-ups: a worker that is told of the next job while it tells of the last one; a job that is begun where it was submitted, if nobody has taken it.`
  },
  {
    bench: 'scale',
    fits: /workers/,
    why: `Two busy threads do not do twice the work of one on this machine (cpu-map), and the run is 0.2 s, of which the first 4 ms are on the caller's loop.`,
    remedy: 'cores that share nothing; the full size.'
  }
]

export const reasonFor = (row: Row): Missed | undefined =>
  missed.find(({ bench, fits }) => bench === row.bench && fits.test(`${row.work} vs ${row.against}`))
