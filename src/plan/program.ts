/**
 * A program: the plain description of a task's fused stages, which travels to workers and is compiled there.
 *
 * Nodes form a forest: every node has one inlet; an outlet of a node feeds other nodes (several: fan-out inside the
 * task) or outlets of the program. Made by place.ts, compiled by operator/loop/compile.ts. No logic but {@link stopsOnFailure}.
 */
import { mayStop, type OnError } from '../graph/options.ts'
import type { Columns } from './columns.ts'

/** Where items go: to a node of the same program, or out of the task. */
export type Target = { readonly node: number } | { readonly outlet: number }

export interface ProgramNode {
  readonly kind: string
  /** The stage's name in messages. */
  readonly stage: string
  readonly site: string | undefined
  readonly args: Readonly<Record<string, unknown>>
  /** Names of the user's functions. */
  readonly fns: readonly string[]
  readonly hasEnv: boolean
  readonly hasCodec: boolean
  readonly onError: OnError
  /** For each outlet of the stage, who reads it. */
  readonly targets: readonly (readonly Target[])[]
}

export interface Program {
  readonly nodes: readonly ProgramNode[]
  /** Who reads the task's input. */
  readonly roots: readonly Target[]
  readonly outlets: readonly ProgramOutlet[]
}

/** Whether a failure may stop one of the stages. */
export const stopsOnFailure = ({ nodes }: Pick<Program, 'nodes'>): boolean =>
  nodes.some(({ onError, fns }) => mayStop(onError, fns.includes('decide')))

export interface ProgramOutlet {
  /** It carries strings that leave as joined lines. */
  readonly text: boolean
  /** Nothing of it is seen before the run is over: its readers write files that appear when they are complete. */
  readonly patient?: boolean | undefined
  /** What is known of its items in advance. */
  readonly columns?: Columns | undefined
}

/** What a program needs besides its description: the things that do not travel as plain data, by node. */
export interface Binding {
  readonly fns: readonly Readonly<Record<string, (...args: never[]) => unknown>>[]
  readonly envs: readonly unknown[]
  readonly checkers: readonly unknown[]
}
