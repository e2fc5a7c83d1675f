import { List, Text } from '@mantine/core';
import type { Schemas } from '../../client/ask.ts';
import { Section } from '../../parts/section.tsx';
import { Time } from '../../parts/time.tsx';

export function RetentionPlan({ doomed }: { readonly doomed: readonly Schemas['DoomedBackup'][] }) {
  return (
    <Section title="What retention removes next">
      {doomed.length === 0 ? (
        <Text size="sm">Nothing: every backup is within what the policy keeps.</Text>
      ) : (
        <List size="sm">
          {doomed.map(({ backupId, kind, consistentAt, reason }) => (
            <List.Item key={backupId}>
              The {kind} of <Time at={consistentAt} exact />: {reason}
            </List.Item>
          ))}
        </List>
      )}
    </Section>
  );
}
