// Worker entry for piscina that does nothing.
export default (n) => n
