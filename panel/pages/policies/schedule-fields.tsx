import { Group, NativeSelect, Radio, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { nextSlots, type Schedule } from '#domain/schedule.ts';
import { incrementalHours, weekdays } from '#domain/states.ts';
import { useNow } from '../../parts/now.ts';
import { localWords } from '../../parts/time-words.ts';
import { NextRuns } from './next-runs.tsx';
import type { PolicyForm } from './policy-form.tsx';
import { isTime } from './policy-values.ts';
import { dayName } from './policy-words.ts';
import { Section } from '../../parts/section.tsx';

const SHOWN_SLOTS = 5;

export function ScheduleFields({ form }: { readonly form: PolicyForm }) {
  const { schedule } = form.values;
  const change = (part: Partial<Schedule>): void => form.setFieldValue('schedule', { ...form.values.schedule, ...part });
  return (
    <Section title="Schedule" description="All times are UTC, also where clocks are put forward and back.">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        <Stack>
          <Radio.Group
            label="Full backups"
            value={schedule.fullFrequency}
            onChange={(value) => change({ fullFrequency: value === 'daily' ? 'daily' : 'weekly' })}
          >
            <Group mt={4}>
              <Radio value="daily" label="Daily" />
              <Radio value="weekly" label="Weekly" />
            </Group>
          </Radio.Group>
          {schedule.fullFrequency === 'weekly' && (
            <NativeSelect
              label="Day"
              data={weekdays.map((day) => ({ value: day, label: dayName(day) }))}
              {...form.getInputProps('schedule.fullDay')}
            />
          )}
          <TextInput
            label="Time (UTC)"
            placeholder="02:00"
            inputMode="numeric"
            maxLength={5}
            autoComplete="off"
            description={<LocalTime schedule={schedule} />}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            {...form.getInputProps('schedule.fullTime')}
          />
          <NativeSelect
            label="Incremental backups"
            description="Counted from the full; one that falls on a full is the full."
            data={incrementalHours.map((hours) => ({ value: String(hours), label: hoursLabel(hours) }))}
            value={String(schedule.incrementalHours)}
            onChange={(event) => change({ incrementalHours: hoursOf(event.currentTarget.value) })}
          />
        </Stack>
        <ComingRuns schedule={schedule} />
      </SimpleGrid>
    </Section>
  );
}

function LocalTime({ schedule }: { readonly schedule: Schedule }) {
  const now = useNow();
  if (!isTime(schedule.fullTime)) return 'HH:MM, from 00:00 to 23:59';
  const [next] = nextSlots({ ...schedule, incrementalHours: 0 }, now, 1);
  return next === undefined ? '' : `The next one: ${localWords(next.at)}, your time`;
}

function ComingRuns({ schedule }: { readonly schedule: Schedule }) {
  const now = useNow();
  if (!isTime(schedule.fullTime)) return null;
  const slots = nextSlots(schedule, now, SHOWN_SLOTS).map(({ at, kind }) => ({ at: new Date(at).toISOString(), kind }));
  return (
    <Stack gap="xs" aria-live="polite">
      <Text size="sm" fw={600}>
        The next five runs
      </Text>
      <NextRuns slots={slots} />
      <Text size="sm" c="dimmed">
        Each begins up to five minutes later, so that policies do not all begin at once. A full also runs as soon as a database is attached.
      </Text>
    </Stack>
  );
}

function hoursLabel(hours: number): string {
  if (hours === 0) return 'None';
  return hours === 1 ? 'Every hour' : `Every ${hours} hours`;
}

function hoursOf(text: string): Schedule['incrementalHours'] {
  return incrementalHours.find((hours) => String(hours) === text) ?? 0;
}
