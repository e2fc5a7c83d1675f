type Asker = () => Promise<boolean>;

let asker: Asker | undefined;

/** Who asks for the password again; true once it was given. */
export function setSignInAsker(ask: Asker): () => void {
  asker = ask;
  return () => {
    asker = undefined;
  };
}

export async function confirmSignIn(): Promise<boolean> {
  return (await asker?.()) ?? false;
}
