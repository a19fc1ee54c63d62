/** The wording of what cannot cross threads. Called by frame/. */
import { PipelineError } from './pipeline-error.ts'

/** `index` is the item's place in the run that was to be a frame; whoever made the run makes its own place of it. */
export const notCloneable = (
  found: { readonly path: string; readonly what: string } | undefined, cause: unknown, index?: number
): PipelineError => {
  const what = found === undefined ? (cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)) : `${found.path} is ${found.what}`
  return new PipelineError({
    code: 'ERR_MILLRACE_NOT_CLONEABLE',
    message: `an item cannot cross threads: ${what}. Items between stages must survive structured clone: leave functions, symbols and live objects out of them, or keep the stages around on one lane with lane: 'async'`,
    ...(index === undefined ? {} : { position: { index } }),
    cause
  })
}
