/** A span that has ended. */
export interface EndedSpan {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly status: { readonly code: number; readonly message?: string } | null;
}

/** Registers the provider for this process. */
export function registerProvider(onEnd: (span: EndedSpan) => void): void;

/** Removes it. */
export function removeProvider(): void;
