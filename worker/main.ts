import { NativeConnection } from '@temporalio/worker';
import { connectCatalogue, pingCatalogue } from '#db/connect.ts';
import { readMasterKey, requireOwnKey } from '#db/master-key.ts';
import { createSealer } from '#db/seal.ts';
import { createMailer } from '#activities/mail/mailer.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { startWorkers } from './create-worker.ts';
import { readSettings } from './settings.ts';

if (import.meta.main) await main();

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const sealer = createSealer(await readMasterKey(settings.TIDEMARK_MASTER_KEY_FILE));
  const db = connectCatalogue(settings.TIDEMARK_DATABASE_URL);
  await pingCatalogue(db);
  await requireOwnKey(db, sealer);
  const connection = await NativeConnection.connect({ address: settings.TEMPORAL_ADDRESS });
  const guard = createNetworkGuard({
    allowed: settings.TIDEMARK_ALLOWED_NETWORKS,
    refusesPrivate: settings.TIDEMARK_PRIVATE_NETWORKS === 'refused',
  });
  const mailUrl = settings.TIDEMARK_MAIL_URL;
  const mailer = mailUrl === undefined ? undefined : await createMailer({ url: mailUrl, from: settings.TIDEMARK_MAIL_FROM });
  const workers = await startWorkers(
    {
      db,
      sealer,
      guard,
      mailer,
      publicUrl: settings.TIDEMARK_PUBLIC_URL,
      replicaCatchUpSeconds: settings.TIDEMARK_REPLICA_CATCH_UP_SECONDS,
    },
    { connection, namespace: settings.TEMPORAL_NAMESPACE, transfers: settings.TIDEMARK_TRANSFERS },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void workers.stop());
  console.log(`worker ready: ${settings.TEMPORAL_ADDRESS}, namespace ${settings.TEMPORAL_NAMESPACE}`);
  await workers.finished;
  mailer?.close();
  await connection.close();
  await db.destroy();
}
