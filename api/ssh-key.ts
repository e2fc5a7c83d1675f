import { hash } from 'node:crypto';
import { invalidField } from './problems.ts';

const armour = /^-----BEGIN ((?:OPENSSH |RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY)-----\n([\s\S]+)\n-----END \1-----$/;
const OPENSSH_MAGIC = 'openssh-key-v1\0';

/** A private key with plain line ends and one at its end, as OpenSSH insists. Throws `invalid-request` for what is no usable key. */
export function normalisePrivateKey(text: string): string {
  const key = text.replaceAll('\r\n', '\n').trim();
  const [, label, body] = armour.exec(key) ?? [];
  if (label === undefined || body === undefined)
    throw invalidField('sshPrivateKey', 'must be a private key in OpenSSH or PEM form, from its BEGIN line to its END line');
  if (isEncrypted(label, body))
    throw invalidField('sshPrivateKey', 'keys with a passphrase are not supported; make one without (ssh-keygen -N "")');
  return `${key}\n`;
}

/** As `ssh-keygen -l` shows it. */
export function fingerprintOf(hostKey: string): string {
  const blob = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${hash('sha256', blob, 'base64').replaceAll('=', '')}`;
}

function isEncrypted(label: string, body: string): boolean {
  if (label.startsWith('ENCRYPTED') || /^Proc-Type: 4,ENCRYPTED$/m.test(body)) return true;
  return label.startsWith('OPENSSH') && openSshCipher(Buffer.from(body, 'base64')) !== 'none';
}

/** https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key: the magic, then the cipher's name as a string. */
function openSshCipher(key: Buffer): string | undefined {
  const start = OPENSSH_MAGIC.length + 4;
  if (key.toString('latin1', 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC || key.length < start) {
    throw invalidField('sshPrivateKey', 'says OPENSSH PRIVATE KEY but holds something else; copy it again');
  }
  return key.toString('latin1', start, start + key.readUInt32BE(OPENSSH_MAGIC.length));
}
