import { Stack } from '@mantine/core';
import { EditDatabase } from './edit-database.tsx';
import { RemoveDatabase } from './remove-database.tsx';
import { useShownDatabase } from './shown-database.ts';

export function SettingsTab() {
  const database = useShownDatabase();
  return (
    <Stack gap="lg" maw={720}>
      <EditDatabase key={database.id} database={database} />
      <RemoveDatabase database={database} />
    </Stack>
  );
}
