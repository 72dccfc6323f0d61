/** What a token, a session or a user may do; `change` includes `read`. */
export type Permission = 'read' | 'change';

/** What a request may do, and who sent it. */
export interface Access {
  readonly permission: Permission | null;
  /** For the audit log. */
  readonly by: string;
  /** How the request was authenticated; `open` where reading needs no token, `none` for a rejected request. */
  readonly method: 'token' | 'session' | 'proxy' | 'open' | 'none';
}
