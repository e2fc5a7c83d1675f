import type { SshKey } from '../../client/new-database.ts';

/** With what Tidemark logs in: a pair that it makes, or a key that is brought along. */
export interface LoginKey {
  readonly kind: 'made' | 'pasted';
  readonly sshKey: SshKey | undefined;
  readonly privateKey: string;
}

export const noLoginKey: LoginKey = { kind: 'made', sshKey: undefined, privateKey: '' };

export function authorizeCommands(sshUser: string, publicKey: string): string {
  const user = sshUser.trim() === '' ? 'tidemark' : sshUser.trim();
  return [
    `id ${user} || sudo useradd --create-home --shell /bin/bash ${user}`,
    `sudo -u ${user} -H sh -c 'umask 077; mkdir -p ~/.ssh; cat >>~/.ssh/authorized_keys' <<'END'`,
    publicKey,
    'END',
  ].join('\n');
}

export function sudoCommands(sshUser: string): string {
  const user = sshUser.trim() === '' ? 'tidemark' : sshUser.trim();
  const file = `/etc/sudoers.d/tidemark-${user.replaceAll('.', '-')}`;
  return [`echo '${user} ALL=(ALL:ALL) NOPASSWD: ALL' | sudo tee ${file}`, `sudo chmod 0440 ${file}`, 'sudo visudo -c'].join('\n');
}
