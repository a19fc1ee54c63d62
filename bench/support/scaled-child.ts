/** A process that runs `scaled` over as many items as its argument says, and prints how many MB it held at most. */
import { check } from './harness.ts'
import { SCALE_DEFAULTS, scaled, sumOfScaled } from './scaled.ts'

const scale = { ...SCALE_DEFAULTS, items: Number(process.argv[2]) }
check('the child', await scaled(scale), sumOfScaled(scale))
console.log(Math.round(process.resourceUsage().maxRSS / 1024))
