/**
 * Names that are no variables of the user's: what transpilers, bundlers, test runners and coverage tools write into a
 * function. One that travels as source misses them, but for those in shims.ts, and the message should say whose they are.
 * Called by describe.ts.
 */
import { coverageCounter } from './hash.ts'

const TRANSPILER = new Set(
  `__async __asyncGenerator __await __yieldStar __forAwait __spreadValues __spreadProps __spreadArray __objRest __rest
  __restKey __assign __extends __awaiter __generator __values __read __decorate __decorateClass __decorateElement __param
  __metadata __publicField __privateIn __privateGet __privateAdd __privateSet __privateMethod __privateWrapper
  __accessCheck __classPrivateFieldGet __classPrivateFieldSet __classPrivateFieldIn __makeTemplateObject __template __pow
  __defNormalProp __defProp __commonJS __require __esm __export __toESM __toCommonJS
  __addDisposableResource __disposeResources __setFunctionName __propKey __runInitializers __esDecorate`.split(/\s+/)
)

/** Babel's and swc's, which write one name in several ways: `_asyncToGenerator`, `_async_to_generator`, `_objectSpread2`. */
const UNDERSCORED = new Set(
  `asynctogenerator asyncgenerator asyncgeneratordelegate awaitasyncgenerator wrapasyncgenerator objectspread objectspreadprops
  objectwithoutproperties objectwithoutpropertiesloose objectdestructuringempty classcallcheck createclass defineproperty
  extends toconsumablearray slicedtoarray toarray topropertykey taggedtemplateliteral inherits callsuper wrapnativesuper
  typeof instanceof classprivatefieldget classprivatefieldset classprivatefieldinit classprivatemethodget
  classprivatemethodinit interoprequiredefault interoprequirewildcard regenerator
  regeneratorruntime tsgenerator tsvalues tsdecorate tsparam tsmetadata applydecs using`.split(/\s+/)
)

const isUnderscored = (name: string): boolean =>
  name.startsWith('_') && UNDERSCORED.has(name.replaceAll('_', '').replace(/\d+$/, '').toLowerCase())

const IMPORT = /^(?:__vi_import_\d+__|__vite_ssr_\w+__|import_\w+|\w+__WEBPACK_IMPORTED_MODULE_\d+__\w*|__webpack_\w+__?)$/

/** Whose name it is, in the words of a reason, and what helps besides making the function portable. */
export interface Helper {
  readonly what: string
  readonly remedy: string
}

const COVERAGE: Helper = { what: 'a counter of a coverage tool', remedy: 'Measure coverage with V8 (c8), which leaves sources as they are' }
const TRANSPILED: Helper = { what: 'a helper of the transpiler', remedy: 'Compile for a newer target' }
const IMPORTED: Helper = { what: 'an import', remedy: '' }

/** Whose name this is; `undefined` for the user's own. */
export const helperOf = (name: string): Helper | undefined => {
  if (coverageCounter(name) !== undefined) return COVERAGE
  if (TRANSPILER.has(name) || isUnderscored(name)) return TRANSPILED
  return IMPORT.test(name) ? IMPORTED : undefined
}
