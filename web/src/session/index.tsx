// Who is signed in, for which institution, and what the policies allow.

import { createContext, type ReactNode, useContext, useEffect } from 'react';
import { del, post } from '../api/client';
import { queryClient, useGet } from '../api/query';
import type { Actor, Role, Session } from '../api/types';

const Context = createContext<Session | null>(null);

export function SessionProvider({
  children,
  waiting,
  failed,
}: {
  children: ReactNode;
  waiting: ReactNode;
  failed: (error: unknown, retry: () => void) => ReactNode;
}) {
  const session = useGet('/session', {}, { staleTime: 60_000 });
  useEffect(() => {
    const refresh = () => {
      queryClient.invalidateQueries({ queryKey: ['/session'] });
    };
    window.addEventListener('shuqiao:signed-out', refresh);
    return () => window.removeEventListener('shuqiao:signed-out', refresh);
  }, []);
  if (session.data) return <Context.Provider value={session.data}>{children}</Context.Provider>;
  if (session.error) return failed(session.error, () => session.refetch());
  return waiting;
}

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error('useSession outside of SessionProvider');
  return session;
}

export const signedIn = (actor: Actor) => actor.kind !== 'anonymous';

/** Whether the policies allow this action at all; the server decides on each thing. */
export function useMay(): (action: string) => boolean {
  const { actor } = useSession();
  return (action) => actor.actions.includes(action);
}
export function useHasRole(): (...roles: Role[]) => boolean {
  const { actor } = useSession();
  return (...roles) => roles.some((role) => actor.roles.includes(role));
}

export async function signIn(login: string, password: string): Promise<void> {
  await post('/session', { body: { login, password } });
  await queryClient.invalidateQueries();
}
export async function signOut(): Promise<void> {
  await del('/session');
  queryClient.clear();
}
