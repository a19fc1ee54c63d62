/** The wording of what goes wrong with worker threads. Called by pool/. */
import { PipelineError } from './pipeline-error.ts'

export const workerNotStarted = (code: number, cause: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_WORKER_NOT_STARTED',
    message: `a worker thread could not start (${cause instanceof Error ? cause.message : `exit code ${code}`}). Look at the cause; under node --permission give --allow-worker; workers: 0 runs without threads`,
    cause
  })
