/**
 * Says how the executor is loaded, for sources of doors that workers load too and that do without it until something is run
 * (`millrace/runtime`). Imported for that alone.
 */
import { bindLater } from '../graph/runner.ts'

bindLater(() => import('../exec/pipeline.ts'))
