/** One seed for the random cases of a process: printed when one fails, taken from MILLRACE_SEED to replay. */
export const seed = Number(process.env['MILLRACE_SEED'] ?? Date.now() % 1_000_000_007)
