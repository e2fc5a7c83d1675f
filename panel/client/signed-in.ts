/**
 * Whether somebody has signed in with this browser. The session's cookie cannot be read here; this only spares a stranger the
 * question who is signed in. Where nothing can be kept, everybody is asked.
 */
const NAME = 'tidemark-signed-in';

type Listener = () => void;

const listeners = new Set<Listener>();

export function mayBeSignedIn(): boolean {
  try {
    return window.localStorage.getItem(NAME) !== null;
  } catch {
    return true;
  }
}

export function rememberSignIn(): void {
  keep((storage) => storage.setItem(NAME, 'yes'));
}

export function forgetSignIn(): void {
  keep((storage) => storage.removeItem(NAME));
  for (const listener of listeners) listener();
}

/** Called whenever the API says that nobody is signed in. */
export function onSignedOut(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function keep(change: (storage: Storage) => void): void {
  try {
    change(window.localStorage);
  } catch {
    // without storage everybody is asked
  }
}
