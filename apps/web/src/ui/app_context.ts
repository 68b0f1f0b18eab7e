import { createContext } from 'preact';
import { useContext, useEffect, useReducer, useState } from 'preact/hooks';
import type { App } from '../state/app';
import type { AppState } from '../state/model';

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('component rendered outside of AppContext');
  return app;
}

/** The application's state; the component renders again when it changes. */
export function useAppState(): AppState {
  const { store } = useApp();
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => store.subscribe(() => render(0)), [store]);
  return store.get();
}

/** The time now, renewed each `everyMs` while `isNeeded`. */
export function useNow(everyMs: number, isNeeded = true): number {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!isNeeded) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isNeeded]);
  return Date.now();
}
