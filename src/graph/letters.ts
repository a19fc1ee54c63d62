/** Kind of the source that a pipeline puts in front of its dead-letter sink. Known to pipelines, plans and runs. */
export const DEAD_LETTERS = 'deadLetters'
