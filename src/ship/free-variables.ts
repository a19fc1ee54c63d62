/**
 * What a function's source needs from around it: free variables, and the few constructs that no source can take along.
 *
 *     source ── acorn ──▶ tree ── one walk: declarations into scopes, references with their scope ──▶ resolve at the end
 *
 * References are resolved when all declarations are known, so hoisting needs no care. Scopes are those of strict code:
 * functions in blocks are the block's; parameters have a scope apart from the body's, so that a default does not see the
 * body's `var`s. Called by source.ts. Pure.
 */
import type { AnyNode, CallExpression, Class, Function as FunctionNode, ImportExpression, MemberExpression, Pattern } from 'acorn'

export interface FreeVariable {
  readonly name: string
  /** Line in the function, from 1. */
  readonly line: number
  /** Somewhere it is assigned, not only read. */
  readonly assigned: boolean
}

/** A construct that means something else, or nothing, away from its place. */
export interface Bound {
  readonly what: 'this' | 'super' | 'new.target' | 'import.meta' | 'import()' | 'eval'
  readonly line: number
}

export interface Needs {
  readonly free: readonly FreeVariable[]
  readonly bound: readonly Bound[]
}

interface Scope {
  readonly parent: Scope | undefined
  readonly names: Set<string>
  /** Takes `var` declarations: a function's body, a static block. */
  readonly takesVars: boolean
}

interface Reference {
  /** The variable; the name to report begins with it. */
  readonly root: string
  readonly name: string
  readonly scope: Scope
  readonly line: number
  readonly assigned: boolean
}

/** Where the walk is. `inner`: `this` belongs to something inside the function. */
interface At {
  readonly scope: Scope
  readonly inner: boolean
}

const scopeIn = (parent: Scope | undefined, takesVars = false): Scope => ({ parent, names: new Set(), takesVars })

const block = (at: At, takesVars = false): At => ({ ...at, scope: scopeIn(at.scope, takesVars) })

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** The only modules that are the same from everywhere. */
const isBuiltin = (node: ImportExpression): boolean =>
  node.source.type === 'Literal' && typeof node.source.value === 'string' && node.source.value.startsWith('node:')

class Walk {
  readonly references: Reference[] = []
  readonly bound: Bound[] = []

  #bound(what: Bound['what'], node: AnyNode): void {
    this.bound.push({ what, line: node.loc?.start.line ?? 1 })
  }

  #refer(root: string, node: AnyNode, scope: Scope, assigned: boolean, name = root): void {
    this.references.push({ root, name, scope, line: node.loc?.start.line ?? 1, assigned })
  }

  /** Adds the names of a binding pattern to `into`; walks its defaults and computed keys at `at`. */
  #declare(pattern: Pattern, into: Scope, at: At): void {
    switch (pattern.type) {
      case 'Identifier':
        into.names.add(pattern.name)
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') this.#declare(property.argument, into, at)
          else {
            if (property.computed) this.visit(property.key, at)
            this.#declare(property.value, into, at)
          }
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element !== null) this.#declare(element, into, at)
        return
      case 'RestElement':
        this.#declare(pattern.argument, into, at)
        return
      case 'AssignmentPattern':
        this.#declare(pattern.left, into, at)
        this.visit(pattern.right, at)
        return
      case 'MemberExpression': // not in a declaration
        this.visit(pattern, at)
    }
  }

  /** The same for a pattern that is assigned to. */
  #assign(pattern: AnyNode, at: At): void {
    switch (pattern.type) {
      case 'Identifier':
        this.#refer(pattern.name, pattern, at.scope, true)
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') this.#assign(property.argument, at)
          else {
            if (property.computed) this.visit(property.key, at)
            this.#assign(property.value, at)
          }
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element !== null) this.#assign(element, at)
        return
      case 'RestElement':
        this.#assign(pattern.argument, at)
        return
      case 'AssignmentPattern':
        this.#assign(pattern.left, at)
        this.visit(pattern.right, at)
        return
      default:
        this.visit(pattern, at)
    }
  }

  /** A function from its parameters on. The outermost one has no `this` of its own that would travel. */
  function(node: FunctionNode, at: At, outermost = false): void {
    const arrow = node.type === 'ArrowFunctionExpression'
    const params: At = { scope: scopeIn(at.scope, true), inner: arrow ? at.inner : !outermost }
    if (!arrow) params.scope.names.add('arguments')
    for (const param of node.params) this.#declare(param, params.scope, params)
    if (node.body.type === 'BlockStatement') this.#all(node.body.body, block(params, true))
    else this.visit(node.body, params)
  }

  #class(node: Class, outer: At): void {
    const at = block(outer)
    if (node.id) at.scope.names.add(node.id.name)
    if (node.superClass) this.visit(node.superClass, at)
    for (const member of node.body.body) {
      const inside: At = { scope: scopeIn(at.scope, true), inner: true }
      if (member.type === 'StaticBlock') this.#all(member.body, inside)
      else {
        if (member.computed) this.visit(member.key, at)
        if (member.value) this.visit(member.value, inside)
      }
    }
  }

  #var(scope: Scope): Scope {
    let found = scope
    while (!found.takesVars && found.parent !== undefined) found = found.parent
    return found
  }

  /** A member of the global object is a name of its own: some are known everywhere, others are the program's. */
  #member(node: MemberExpression, at: At): void {
    const { object, property } = node
    const isGlobal = object.type === 'Identifier' && (object.name === 'globalThis' || object.name === 'global')
    if (isGlobal && !node.computed && property.type === 'Identifier') {
      this.#refer(object.name, node, at.scope, false, `${object.name}.${property.name}`)
      return
    }
    this.visit(object, at)
    if (node.computed) this.visit(property, at)
  }

  #call(node: CallExpression, at: At): void {
    if (node.callee.type === 'Identifier' && node.callee.name === 'eval') this.#bound('eval', node)
    this.#children(node, at)
  }

  #all(nodes: readonly (AnyNode | null)[], at: At): void {
    for (const node of nodes) if (node !== null) this.visit(node, at)
  }

  #children(node: AnyNode, at: At): void {
    for (const value of Object.values(node) as unknown[]) {
      if (isNode(value)) this.visit(value, at)
      else if (Array.isArray(value)) this.#all(value.filter(isNode), at)
    }
  }

  visit(node: AnyNode, at: At): void {
    switch (node.type) {
      case 'Identifier':
        this.#refer(node.name, node, at.scope, false)
        return
      case 'ThisExpression':
        if (!at.inner) this.#bound('this', node)
        return
      case 'Super':
        if (!at.inner) this.#bound('super', node)
        return
      case 'MetaProperty':
        if (node.meta.name === 'import') this.#bound('import.meta', node)
        else if (!at.inner) this.#bound('new.target', node)
        return
      case 'ImportExpression':
        if (!isBuiltin(node)) this.#bound('import()', node)
        this.#children(node, at)
        return
      case 'CallExpression':
        this.#call(node, at)
        return
      case 'MemberExpression':
        this.#member(node, at)
        return
      case 'Property':
        if (node.computed) this.visit(node.key, at)
        this.visit(node.value, at)
        return
      case 'FunctionDeclaration':
        if (node.id) at.scope.names.add(node.id.name)
        this.function(node, at)
        return
      case 'FunctionExpression': {
        const named = block(at)
        if (node.id) named.scope.names.add(node.id.name)
        this.function(node, named)
        return
      }
      case 'ArrowFunctionExpression':
        this.function(node, at)
        return
      case 'ClassDeclaration':
        if (node.id) at.scope.names.add(node.id.name)
        this.#class(node, at)
        return
      case 'ClassExpression':
        this.#class(node, at)
        return
      case 'VariableDeclaration': {
        const into = node.kind === 'var' ? this.#var(at.scope) : at.scope
        for (const { id, init } of node.declarations) {
          this.#declare(id, into, at)
          if (init) this.visit(init, at)
        }
        return
      }
      case 'BlockStatement':
        this.#all(node.body, block(at))
        return
      case 'ForStatement':
        this.#all([node.init ?? null, node.test ?? null, node.update ?? null, node.body], block(at))
        return
      case 'ForInStatement':
      case 'ForOfStatement': {
        const inside = block(at)
        if (node.left.type === 'VariableDeclaration') this.visit(node.left, inside)
        else this.#assign(node.left, inside)
        this.#all([node.right, node.body], inside)
        return
      }
      case 'SwitchStatement':
        this.visit(node.discriminant, at)
        this.#all(node.cases, block(at))
        return
      case 'CatchClause': {
        const inside = block(at)
        if (node.param) this.#declare(node.param, inside.scope, inside)
        this.visit(node.body, inside)
        return
      }
      case 'LabeledStatement':
        this.visit(node.body, at)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'AssignmentExpression':
        this.#assign(node.left, at)
        this.visit(node.right, at)
        return
      case 'UpdateExpression':
        this.#assign(node.argument, at)
        return
      default:
        this.#children(node, at)
    }
  }
}

const isDeclared = ({ root, scope }: Reference): boolean => {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.names.has(root)) return true
  return false
}

/** What `node`, a function, needs from around it; names that are global everywhere among it. */
export const needsOf = (node: FunctionNode): Needs => {
  const walk = new Walk()
  const top = scopeIn(undefined)
  if (node.id && node.type === 'FunctionExpression') top.names.add(node.id.name)
  walk.function(node, { scope: top, inner: false }, true)
  const free = new Map<string, FreeVariable>()
  for (const reference of walk.references) {
    if (isDeclared(reference)) continue
    const { name, line, assigned } = reference
    const seen = free.get(name)
    free.set(name, { name, line: seen?.line ?? line, assigned: assigned || seen?.assigned === true })
  }
  return { free: [...free.values()], bound: walk.bound }
}
