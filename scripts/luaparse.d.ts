// The part of luaparse that the checks and the mutations use.
declare module 'luaparse' {
  interface LuaNode {
    readonly type: string;
    readonly loc: { readonly start: { readonly line: number } };
    /** Of an identifier. */
    readonly name?: string;
    /** Of an identifier or a function. */
    readonly isLocal?: boolean;
    /** Of a function. */
    readonly identifier?: LuaNode | null;
    /** Of a declaration. */
    readonly variables?: readonly LuaNode[];
  }

  interface LuaOptions {
    readonly luaVersion: '5.1';
    readonly locations?: boolean;
    /** Finds globals, and sets `isLocal`. */
    readonly scope?: boolean;
    readonly comments?: boolean;
  }

  interface Luaparse {
    /** Throws a `SyntaxError` with a `line`. */
    parse(text: string, options: LuaOptions): LuaNode & { readonly globals: readonly LuaNode[] };
  }

  const luaparse: Luaparse;
  export default luaparse;
  export type { LuaNode };
}
