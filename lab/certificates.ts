import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '#standalone/commands.ts';

/** Makes a private authority (`ca.crt`) and a server certificate (`server.crt`, `server.key`) for the address. */
export async function createCertificates(directory: string, address: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'server.cnf'), serverExtensions(address));
  await runCommand('sh', ['-euc', script, 'sh', address], { cwd: directory });
  await Promise.all(
    ['server.cnf', 'server.csr', 'ca.key', 'ca.srl'].map(async (name) => {
      await rm(join(directory, name), { force: true });
    }),
  );
}

function serverExtensions(address: string): string {
  return `subjectAltName=IP:${address},DNS:s3\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`;
}

const script = String.raw`
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -days 30 \
  -subj "/CN=Tidemark lab authority" -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj "/CN=$1"
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile server.cnf -out server.crt
`;
