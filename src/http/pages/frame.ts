import type { Context } from 'hono';
import { isReadable } from '../../contracts/store/unreadable.ts';
import type { HttpContext, HttpEnv } from '../context.ts';

/** What every page shows of the instance and its user. */
export interface Frame {
  /** Where the page is, for the navigation. */
  readonly path: string;
  /** The same with its query, to which a login leads back. */
  readonly place: string;
  /** The leader, such as `beat-1:4711`; `null` when no instance leads. */
  readonly leader: string | null;
  /** Whether the user may send commands. */
  readonly mayChange: boolean;
  readonly hasSession: boolean;
  /** Whether logging in permits more than a user without a session may do. */
  readonly canLogIn: boolean;
  readonly version: string;
}

/** Loads the frame of a requested page. Rejects with a `StoreError`. */
export async function loadFrame(
  { store, version }: HttpContext,
  { req, var: { access, http } }: Context<HttpEnv>,
): Promise<Frame> {
  const instances = await store.instances.list();
  const leader = instances.filter(isReadable).find(({ role }) => role === 'leader');
  return {
    path: req.path,
    place: req.path + new URL(req.url).search,
    leader: leader ? `${leader.host}${leader.pid === null ? '' : `:${leader.pid}`}` : null,
    mayChange: access.permission === 'change',
    hasSession: access.method === 'session',
    canLogIn: access.method === 'open' && http.changeToken !== null,
    version,
  };
}
