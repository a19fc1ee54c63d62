/**
 * The writer's end of a channel of the plan, in a run, bounded in items and bytes: one outlet of a task, and the edges that read it.
 *
 *     one reader        push ──▶ mpsc ──▶ edge
 *     several           push ──▶ broadcast, when full: wait ──▶ edge, edge …     each at its own pace, none more than the bound behind
 *
 * A batch with several readers is held by each of them: it is let go when the last one has let go (batch.ts).
 * Called by run.ts, which makes it, and outlets.ts.
 */
import { broadcast } from '../../channel/broadcast.ts'
import { mpsc } from '../../channel/mpsc.ts'
import type { Plan } from '../../plan/plan.ts'
import type { NotSent } from '../../sync/outcome.ts'
import type { Batch } from './batch.ts'
import { Edge, type Receiving } from './edge.ts'

interface Sending {
  trySend(batch: Batch): NotSent<Batch> | undefined
  /** Answers to how many readers it went, if it says so; rejects when to none. */
  send(batch: Batch): Promise<number | void>
  close(): void
}

const weigh = (batch: Batch): number => batch.weight

const channelFor = (readers: number, capacity: number): { readonly sender: Sending; readonly receivers: readonly Receiving[] } => {
  if (readers === 1) {
    const { sender, receiver } = mpsc<Batch>({ capacity, weigh })
    return { sender, receivers: [receiver] }
  }
  const sender = broadcast<Batch>({ capacity, weigh, whenFull: 'wait' })
  return { sender, receivers: Array.from({ length: readers }, () => sender.subscribe()) }
}

export class Link {
  readonly edges: readonly Edge[]
  /** Pushes that wait for room. */
  pushing = 0
  readonly #sender: Sending

  constructor(readers: number, capacity: number) {
    const { sender, receivers } = channelFor(readers, capacity)
    this.#sender = sender
    this.edges = receivers.map((receiver) => new Edge(receiver, this))
  }

  get backlog(): number {
    return this.edges.reduce((most, edge) => Math.max(most, edge.backlog), 0)
  }

  /** Nobody reads any more. */
  get left(): boolean {
    return this.edges.every((edge) => edge.left)
  }

  /** Sends a batch to every reader; `false` when none is left. Takes the batch over, whatever comes of it. */
  async push(batch: Batch): Promise<boolean> {
    const readers = this.edges.reduce((count, edge) => (edge.closed ? count : count + 1), 0)
    for (let reader = 1; reader < readers; reader++) batch.retain()
    const notSent = this.#sender.trySend(batch)
    const got = notSent === undefined ? readers : notSent._tag === 'Full' ? await this.#waited(batch, readers) : 0
    for (let reader = got; reader < Math.max(1, readers); reader++) batch.release() // those who left meanwhile
    for (const edge of this.edges) {
      if (edge.cutBy !== undefined) throw edge.cutBy
      if (got > 0 && !edge.left) edge.went(batch.count)
    }
    return !this.left
  }

  /** Sends a batch once there is room; answers to how many readers it went. */
  async #waited(batch: Batch, readers: number): Promise<number> {
    this.pushing++
    try {
      return (await this.#sender.send(batch)) ?? readers
    } catch {
      return 0 // all have left, or were cut
    } finally {
      this.pushing--
    }
  }

  /** The writer has no more. */
  end(): void {
    this.#sender.close()
  }
}

/** The channels of a plan: their writers' ends by task and outlet, their readers' ends by channel. */
export interface Links {
  readonly links: readonly (readonly Link[])[]
  readonly edges: readonly Edge[]
}

export const linksOf = ({ tasks, channels }: Plan): Links => {
  const edges: Edge[] = []
  const links = tasks.map(({ outlets }) =>
    outlets.map((ids) => {
      const link = new Link(ids.length, Math.max(1, ...ids.map((id) => channels[id]!.capacity)))
      for (const [reader, id] of ids.entries()) edges[id] = link.edges[reader]!
      return link
    })
  )
  return { links, edges }
}
