import { resolve } from 'node:path';
import ts from 'typescript';

/** Finds the changes that the compiler rejects: no test runs with them, and they do not count in the score. */
export class TypeCheck {
  readonly #service: ts.LanguageService;
  readonly #versions = new Map<string, { readonly version: number; readonly text: string | null }>();

  constructor() {
    const read = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
    const config = ts.parseJsonConfigFileContent(read.config, ts.sys, process.cwd());
    const sources = config.fileNames.filter((name) => resolve(name).startsWith(resolve('src')));
    this.#service = ts.createLanguageService({
      getCompilationSettings: () => ({
        ...config.options,
        // A mutant may leave a name unused; that is a matter of style.
        noUnusedLocals: false,
        noUnusedParameters: false,
      }),
      getScriptFileNames: () => sources,
      getScriptVersion: (path) => String(this.#versions.get(path)?.version ?? 0),
      getScriptSnapshot: (path) => {
        const text = this.#versions.get(path)?.text ?? ts.sys.readFile(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => process.cwd(),
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      readFile: (path) => ts.sys.readFile(path),
      fileExists: (path) => ts.sys.fileExists(path),
      directoryExists: (path) => ts.sys.directoryExists(path),
      getDirectories: (path) => ts.sys.getDirectories(path),
    });
  }

  /** Whether the file type-checks with this text. Errors it causes in other files are not looked for. */
  passes(file: string, text: string): boolean {
    const path = resolve(file);
    this.#set(path, text);
    const errors = this.#service.getSemanticDiagnostics(path);
    this.#set(path, null);
    return errors.length === 0;
  }

  #set(path: string, text: string | null): void {
    const version = (this.#versions.get(path)?.version ?? 0) + 1;
    this.#versions.set(path, { version, text });
  }
}
