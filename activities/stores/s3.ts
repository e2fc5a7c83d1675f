import { TidemarkError } from '#domain/errors.ts';
import { createStoreClient, type StoreDeps, transferTimeouts } from './client.ts';
import { deleteObject, getObject, headObject, listObjects, putObject, shown } from './objects.ts';
import type { Store, StoreAddress } from './port.ts';
import { downloadObject, uploadObject } from './transfers.ts';

const defaultMaxBytes = 4 * 1024 * 1024;

/** Throws at once when the address has not the form that the port asks for; nothing is connected before the first call. */
export function openStore(address: StoreAddress, deps: StoreDeps): Store {
  const client = createStoreClient(address, deps);
  const transfers = createStoreClient(address, { ...deps, unsignedBodies: true, timeouts: { ...transferTimeouts, ...deps.timeouts } });
  const head = (key: string) => headObject(client, address, key);
  return {
    list: (keyPrefix) => listObjects(client, address, keyPrefix),
    head,
    get: (key, maxBytes = defaultMaxBytes) => getObject(client, address, key, maxBytes),
    async put(key, body) {
      await putObject(client, address, key, body);
      const written = await head(key);
      if (written?.sizeBytes !== body.length) {
        throw new TidemarkError(
          'store-failed',
          `${shown(address, key)} was written with ${body.length} bytes and is found with ${written?.sizeBytes ?? 'none'}.`,
        );
      }
    },
    async upload(key, body, options) {
      const sizeBytes = await uploadObject(transfers, address, key, body, options);
      const written = await head(key);
      if (written?.sizeBytes === sizeBytes) return { sizeBytes };
      throw new TidemarkError(
        'store-failed',
        `${shown(address, key)} was written with ${sizeBytes} bytes and is found with ${written?.sizeBytes ?? 'none'}.`,
      );
    },
    download: (key, options) => downloadObject(transfers, address, key, options),
    delete: (key) => deleteObject(client, address, key),
    close() {
      client.close();
      transfers.close();
    },
  };
}
