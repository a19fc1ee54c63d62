import { filter, range } from 'millrace'

void range(0, 5)
  .pipe(filter((n) => n % 2 === 0))
  .toArray()
  .then((even) => {
    console.log(JSON.stringify(even))
  })
